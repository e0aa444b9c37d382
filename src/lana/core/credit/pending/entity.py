"""A pending facility: approved, and waiting for collateral worth enough to be activated."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Self
from uuid import UUID

from lana.core.credit.cvl import PendingState as State
from lana.core.credit.cvl import Reach, Thresholds, cvl, next_pending_state, pending_reach
from lana.core.credit.position import ratio
from lana.core.credit.primitives import PendingAccountIds, PendingStatus
from lana.core.credit.thresholds import thresholds_of
from lana.core.customer import CustomerType
from lana.core.terms import TermValues
from lana.lib.es.entity import ALREADY, DONE, Entity, Event, Outcome
from lana.lib.money import Satoshis, UsdCents


class Initialized(Event, frozen=True, tag="initialized"):
    id: UUID
    credit_facility_proposal_id: UUID
    ledger_tx_id: UUID
    approval_process_id: UUID
    customer_id: UUID
    customer_type: CustomerType
    collateral_id: UUID
    terms: TermValues
    amount: UsdCents
    account_ids: PendingAccountIds
    disbursal_credit_account_id: UUID


class CollateralizationStateChanged(Event, frozen=True, tag="collateralization_state_changed"):
    collateralization_state: State
    collateral: Satoshis
    price: UsdCents


class CollateralizationRatioChanged(Event, frozen=True, tag="collateralization_ratio_changed"):
    collateralization_ratio: Decimal
    collateral: Satoshis


class Completed(Event, frozen=True, tag="completed"):
    pass


PendingEvent = Initialized | CollateralizationStateChanged | CollateralizationRatioChanged | Completed


class PendingFacility(Entity[PendingEvent]):
    """Completed once, when the facility is activated; its id is the facility's."""

    kind: ClassVar[str] = "pending_credit_facility"
    event_types: ClassVar[object] = PendingEvent

    ledger_tx_id: UUID
    approval_process_id: UUID
    customer_id: UUID
    customer_type: CustomerType
    collateral_id: UUID
    terms: TermValues
    amount: UsdCents
    account_ids: PendingAccountIds
    disbursal_credit_account_id: UUID
    status: PendingStatus = PendingStatus.PENDING_COLLATERALIZATION
    collateralization_state: State = State.NOT_YET_COLLATERALIZED
    collateral: Satoshis = Satoshis(0)
    price_at_state_change: UsdCents | None = None

    @classmethod
    def begin(cls, event: PendingEvent) -> Self:
        assert isinstance(event, Initialized)
        return cls(
            id=event.id,
            ledger_tx_id=event.ledger_tx_id,
            approval_process_id=event.approval_process_id,
            customer_id=event.customer_id,
            customer_type=event.customer_type,
            collateral_id=event.collateral_id,
            terms=event.terms,
            amount=event.amount,
            account_ids=event.account_ids,
            disbursal_credit_account_id=event.disbursal_credit_account_id,
        )

    def apply(self, event: PendingEvent) -> None:
        match event:
            case CollateralizationStateChanged():
                self.collateralization_state = event.collateralization_state
                self.price_at_state_change = event.price
            case CollateralizationRatioChanged(collateral=collateral):
                self.collateral = collateral
            case Completed():
                self.status = PendingStatus.COMPLETED
            case Initialized():
                raise ValueError("a pending facility begins once")

    @property
    def is_waiting(self) -> bool:
        return self.status is PendingStatus.PENDING_COLLATERALIZATION

    @property
    def awaits_activation(self) -> bool:
        return self.is_waiting and self.collateralization_state is State.FULLY_COLLATERALIZED

    @property
    def thresholds(self) -> Thresholds:
        return thresholds_of(self.terms)

    @property
    def reach(self) -> Reach:
        """The prices at which its state changes; none once it is completed."""
        if not self.is_waiting:
            return Reach(None, None)
        return pending_reach(self.collateralization_state, self.collateral, self.amount, self.thresholds)

    def cvl(self, price: UsdCents) -> int | None:
        """Of the collateral on the facility's amount."""
        return cvl(self.collateral, self.amount, price)

    def hold(self, collateral: Satoshis) -> Outcome:
        """What is in its collateral account now."""
        if not self.is_waiting or collateral == self.collateral:
            return ALREADY
        value = ratio(collateral, self.amount) or Decimal(0)
        return self.emit(CollateralizationRatioChanged(collateralization_ratio=value, collateral=collateral))

    def look(self, price: UsdCents) -> Outcome:
        """The state at a price."""
        if not self.is_waiting:
            return ALREADY
        found = next_pending_state(self.cvl(price), self.thresholds)
        if found is self.collateralization_state:
            return ALREADY
        return self.emit(
            CollateralizationStateChanged(
                collateralization_state=found, collateral=self.collateral, price=price
            )
        )

    def is_enough(self, price: UsdCents) -> bool:
        """May it be activated at this price?"""
        return next_pending_state(self.cvl(price), self.thresholds) is State.FULLY_COLLATERALIZED

    def complete(self) -> Outcome:
        if not self.is_waiting:
            return ALREADY
        self.emit(Completed())
        return DONE
