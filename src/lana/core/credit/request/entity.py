"""A credit request: asked by a customer, taken by staff, answered by a proposal or a refusal."""

from __future__ import annotations

from typing import ClassVar, Final, Self
from uuid import UUID

from lana.core.credit.primitives import RequestStatus
from lana.core.credit.request.application import MAX_REASON, Consent, require_text
from lana.core.credit.request.errors import (
    RequestAlreadyConcluded,
    RequestAlreadyTaken,
    RequestOfAnotherCustomer,
)
from lana.lib.es.entity import ALREADY, Entity, Event, Outcome
from lana.lib.money import UsdCents

OPEN: Final = frozenset({RequestStatus.SUBMITTED, RequestStatus.IN_REVIEW})


class Initialized(Event, frozen=True, tag="initialized"):
    id: UUID
    customer_id: UUID
    terms_template_id: UUID
    amount: UsdCents
    purpose: str
    status: RequestStatus
    public_id: str
    note: str | None = None
    consents: tuple[Consent, ...] = ()


class Taken(Event, frozen=True, tag="taken"):
    user_id: UUID


class Proposed(Event, frozen=True, tag="proposed"):
    credit_facility_proposal_id: UUID


class Declined(Event, frozen=True, tag="declined"):
    reason: str


class Withdrawn(Event, frozen=True, tag="withdrawn"):
    pass


class Expired(Event, frozen=True, tag="expired"):
    pass


CreditRequestEvent = Initialized | Taken | Proposed | Declined | Withdrawn | Expired


class CreditRequest(Entity[CreditRequestEvent]):
    """Open until it is proposed, declined, withdrawn or expired; each of these is final."""

    kind: ClassVar[str] = "credit_request"
    event_types: ClassVar[object] = CreditRequestEvent

    customer_id: UUID
    terms_template_id: UUID
    amount: UsdCents
    purpose: str
    note: str | None
    consents: tuple[Consent, ...]
    public_id: str
    status: RequestStatus
    assigned_to: UUID | None = None
    decline_reason: str | None = None
    proposal_id: UUID | None = None

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @classmethod
    def begin(cls, event: CreditRequestEvent) -> Self:
        assert isinstance(event, Initialized)
        return cls(
            id=event.id,
            customer_id=event.customer_id,
            terms_template_id=event.terms_template_id,
            amount=event.amount,
            purpose=event.purpose,
            note=event.note,
            consents=event.consents,
            public_id=event.public_id,
            status=event.status,
        )

    def apply(self, event: CreditRequestEvent) -> None:
        match event:
            case Taken(user_id=user_id):
                self.status = RequestStatus.IN_REVIEW
                self.assigned_to = user_id
            case Proposed(credit_facility_proposal_id=proposal_id):
                self.status = RequestStatus.PROPOSED
                self.proposal_id = proposal_id
            case Declined(reason=reason):
                self.status = RequestStatus.DECLINED
                self.decline_reason = reason
            case Withdrawn():
                self.status = RequestStatus.WITHDRAWN
            case Expired():
                self.status = RequestStatus.EXPIRED
            case Initialized():
                raise ValueError("a credit request begins once")

    def take(self, user_id: UUID) -> Outcome:
        self._require_open()
        if self.assigned_to == user_id:
            return ALREADY
        if self.assigned_to is not None:
            raise RequestAlreadyTaken(self.id)
        return self.emit(Taken(user_id=user_id))

    def propose(self, customer_id: UUID, proposal_id: UUID) -> Outcome:
        if customer_id != self.customer_id:
            raise RequestOfAnotherCustomer(self.id)
        if self.proposal_id == proposal_id:
            return ALREADY
        self._require_open()
        return self.emit(Proposed(credit_facility_proposal_id=proposal_id))

    def decline(self, reason: str) -> Outcome:
        require_text("reason", reason, MAX_REASON)
        if self.decline_reason == reason:
            return ALREADY
        self._require_open()
        return self.emit(Declined(reason=reason))

    def withdraw(self) -> Outcome:
        if self.status is RequestStatus.WITHDRAWN:
            return ALREADY
        self._require_open()
        return self.emit(Withdrawn())

    def expire(self) -> Outcome:
        """Only what is still open expires."""
        return self.emit(Expired()) if self.is_open else ALREADY

    def _require_open(self) -> None:
        if not self.is_open:
            raise RequestAlreadyConcluded(f"{self.id} is {self.status}")
