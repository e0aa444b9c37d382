"""A customer: active, frozen or closed."""

from __future__ import annotations

from uuid import UUID

import msgspec

from lana.core.customer.customer.errors import CustomerIsClosed, CustomerNotEligibleForProduct
from lana.core.customer.primitives import (
    ConversionReason,
    CustomerFreezeReason,
    CustomerStatus,
    CustomerType,
    KycLevel,
)
from lana.lib.es.entity import ALREADY, Entity, Event, Outcome


class SumsubApproved(msgspec.Struct, frozen=True, tag="sumsub_approved"):
    """Converted by the KYC provider's approval."""

    applicant_id: str

    @property
    def reason(self) -> ConversionReason:
        return ConversionReason.SUMSUB_APPROVED


class ManualConversion(msgspec.Struct, frozen=True, tag="manually_converted"):
    """Converted by staff."""

    @property
    def reason(self) -> ConversionReason:
        return ConversionReason.MANUALLY_CONVERTED


Conversion = SumsubApproved | ManualConversion


class Initialized(Event, tag="initialized", frozen=True):
    id: UUID
    party_id: UUID
    customer_type: CustomerType
    public_id: str
    conversion: Conversion
    level: KycLevel


class Frozen(Event, tag="frozen", frozen=True):
    status: CustomerStatus
    reason: CustomerFreezeReason


class Unfrozen(Event, tag="unfrozen", frozen=True):
    status: CustomerStatus
    released: tuple[CustomerFreezeReason, ...]


class Closed(Event, tag="closed", frozen=True):
    status: CustomerStatus


CustomerEvent = Initialized | Frozen | Unfrozen | Closed


class Customer(Entity[CustomerEvent]):
    """Frozen while anyone holds it frozen; closed is final."""

    kind = "customer"
    event_types = CustomerEvent

    party_id: UUID
    customer_type: CustomerType
    public_id: str
    conversion: Conversion
    level: KycLevel
    status: CustomerStatus = CustomerStatus.ACTIVE
    freezes: tuple[CustomerFreezeReason, ...] = ()

    @property
    def conversion_reason(self) -> ConversionReason:
        return self.conversion.reason

    @property
    def applicant_id(self) -> str | None:
        return self.conversion.applicant_id if isinstance(self.conversion, SumsubApproved) else None

    @property
    def is_active(self) -> bool:
        return self.status is CustomerStatus.ACTIVE

    def freeze(self, reason: CustomerFreezeReason = CustomerFreezeReason.STAFF) -> Outcome:
        self.require_not_closed()
        if reason in self.freezes:
            return ALREADY
        return self.emit(Frozen(status=CustomerStatus.FROZEN, reason=reason))

    def unfreeze(self, reason: CustomerFreezeReason = CustomerFreezeReason.STAFF) -> Outcome:
        """Staff lifts every freeze; a green review lifts only the review's own."""
        self.require_not_closed()
        released = self.freezes if reason is CustomerFreezeReason.STAFF else (reason,)
        if not set(released) & set(self.freezes):
            return ALREADY
        remaining = set(self.freezes) - set(released)
        status = CustomerStatus.FROZEN if remaining else CustomerStatus.ACTIVE
        return self.emit(Unfrozen(status=status, released=released))

    def close(self) -> Outcome:
        if self.status is CustomerStatus.CLOSED:
            return ALREADY
        return self.emit(Closed(status=CustomerStatus.CLOSED))

    def require_not_closed(self) -> None:
        if self.status is CustomerStatus.CLOSED:
            raise CustomerIsClosed

    def require_eligible(self) -> None:
        """Only an active customer opens accounts, asks for credit or draws on it."""
        if not self.is_active:
            raise CustomerNotEligibleForProduct

    def require_verified(self) -> None:
        """Only an active customer the bank knows asks for a loan."""
        self.require_eligible()
        if self.level is KycLevel.NOT_KYCED:
            raise CustomerNotEligibleForProduct

    @classmethod
    def begin(cls, event: CustomerEvent) -> Customer:
        assert isinstance(event, Initialized)
        return cls(
            id=event.id,
            party_id=event.party_id,
            customer_type=event.customer_type,
            public_id=event.public_id,
            conversion=event.conversion,
            level=event.level,
        )

    def apply(self, event: CustomerEvent) -> None:
        match event:
            case Initialized():
                raise ValueError("a customer is initialized once")
            case Frozen():
                self.status = event.status
                self.freezes = (*self.freezes, event.reason)
            case Unfrozen():
                self.status = event.status
                self.freezes = tuple(r for r in self.freezes if r not in event.released)
            case Closed():
                self.status = event.status
