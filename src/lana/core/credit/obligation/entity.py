"""An obligation: principal of one disbursal or interest of one cycle, until it is paid."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Self
from uuid import UUID

import msgspec

from lana.core.credit.primitives import ObligationStatus, ObligationType, ReceivableAccountIds
from lana.lib.es.entity import ALREADY, Entity, Event, Outcome
from lana.lib.money import UsdCents

S = ObligationStatus


class Initialized(Event, frozen=True, tag="initialized"):
    id: UUID
    beneficiary_id: UUID
    obligation_type: ObligationType
    amount: UsdCents
    reference: str
    ledger_tx_id: UUID
    receivable_account_ids: ReceivableAccountIds
    defaulted_account_id: UUID
    due_date: date
    overdue_date: date | None
    defaulted_date: date | None
    liquidation_date: date | None
    effective: date


class DueRecorded(Event, frozen=True, tag="due_recorded"):
    ledger_tx_id: UUID
    due_amount: UsdCents


class OverdueRecorded(Event, frozen=True, tag="overdue_recorded"):
    ledger_tx_id: UUID
    overdue_amount: UsdCents


class DefaultedRecorded(Event, frozen=True, tag="defaulted_recorded"):
    ledger_tx_id: UUID
    defaulted_amount: UsdCents


class PaymentAllocated(Event, frozen=True, tag="payment_allocated"):
    ledger_tx_id: UUID
    payment_id: UUID
    payment_allocation_id: UUID
    payment_allocation_amount: UsdCents


class Completed(Event, frozen=True, tag="completed"):
    effective: date


ObligationEvent = (
    Initialized | DueRecorded | OverdueRecorded | DefaultedRecorded | PaymentAllocated | Completed
)


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """A move to a later status: `amount` leaves one account for another on `effective`."""

    to: ObligationStatus
    amount: UsdCents
    from_account_id: UUID
    to_account_id: UUID
    effective: date


class Obligation(Entity[ObligationEvent]):
    """Never pays back more than its amount; paid when nothing is outstanding."""

    kind: ClassVar[str] = "obligation"
    event_types: ClassVar[object] = ObligationEvent

    beneficiary_id: UUID
    obligation_type: ObligationType
    amount: UsdCents
    outstanding: UsdCents
    reference: str
    ledger_tx_id: UUID
    receivable_account_ids: ReceivableAccountIds
    defaulted_account_id: UUID
    due_date: date
    overdue_date: date | None
    defaulted_date: date | None
    liquidation_date: date | None
    effective: date
    status: ObligationStatus = S.NOT_YET_DUE
    allocations: int = 0

    @classmethod
    def begin(cls, event: ObligationEvent) -> Self:
        assert isinstance(event, Initialized)
        return cls(
            id=event.id,
            beneficiary_id=event.beneficiary_id,
            obligation_type=event.obligation_type,
            amount=event.amount,
            outstanding=event.amount,
            reference=event.reference,
            ledger_tx_id=event.ledger_tx_id,
            receivable_account_ids=event.receivable_account_ids,
            defaulted_account_id=event.defaulted_account_id,
            due_date=event.due_date,
            overdue_date=event.overdue_date,
            defaulted_date=event.defaulted_date,
            liquidation_date=event.liquidation_date,
            effective=event.effective,
        )

    def apply(self, event: ObligationEvent) -> None:
        match event:
            case DueRecorded():
                self.status = S.DUE
            case OverdueRecorded():
                self.status = S.OVERDUE
            case DefaultedRecorded():
                self.status = S.DEFAULTED
            case PaymentAllocated(payment_allocation_amount=amount):
                self.outstanding = UsdCents(self.outstanding - amount)
                self.allocations += 1
            case Completed():
                self.status = S.PAID
            case Initialized():
                raise ValueError("an obligation begins once")

    @property
    def is_paid(self) -> bool:
        return self.status is S.PAID

    @property
    def is_principal(self) -> bool:
        return self.obligation_type is ObligationType.DISBURSAL

    @property
    def is_payable(self) -> bool:
        """Due or overdue."""
        return self.status in (S.DUE, S.OVERDUE)

    @property
    def next_transition(self) -> date | None:
        """The date on which its status changes by itself; the end of a day looks for it."""
        match self.status:
            case S.NOT_YET_DUE:
                return self.due_date
            case S.DUE:
                dates = [each for each in (self.overdue_date, self.defaulted_date) if each]
                return min(dates, default=None)
            case S.OVERDUE:
                return self.defaulted_date
            case S.DEFAULTED | S.PAID:
                return None

    @property
    def receivable_account_id(self) -> UUID:
        """Where it stands now; a payment is credited there."""
        match self.status:
            case S.NOT_YET_DUE:
                return self.receivable_account_ids.not_yet_due
            case S.DUE:
                return self.receivable_account_ids.due
            case S.OVERDUE | S.PAID:
                return self.receivable_account_ids.overdue
            case S.DEFAULTED:
                return self.defaulted_account_id

    def due_transition(self, day: date) -> Transition | None:
        """The next change of status that a day asks for, to be recorded with `record`."""
        at = self.next_transition
        if at is None or at > day:
            return None
        to = self._next_status(at)
        target = {
            S.DUE: self.receivable_account_ids.due,
            S.OVERDUE: self.receivable_account_ids.overdue,
            S.DEFAULTED: self.defaulted_account_id,
        }[to]
        return Transition(
            to=to,
            amount=self.outstanding,
            from_account_id=self.receivable_account_id,
            to_account_id=target,
            effective=at,
        )

    def _next_status(self, at: date) -> ObligationStatus:
        if self.status is S.NOT_YET_DUE:
            return S.DUE
        return S.OVERDUE if self.status is S.DUE and at == self.overdue_date else S.DEFAULTED

    def record(self, transition: Transition, ledger_tx_id: UUID) -> Outcome:
        match transition.to:
            case S.DUE:
                return self.emit(DueRecorded(ledger_tx_id=ledger_tx_id, due_amount=transition.amount))
            case S.OVERDUE:
                return self.emit(OverdueRecorded(ledger_tx_id=ledger_tx_id, overdue_amount=transition.amount))
            case S.DEFAULTED:
                return self.emit(
                    DefaultedRecorded(ledger_tx_id=ledger_tx_id, defaulted_amount=transition.amount)
                )
            case S.NOT_YET_DUE | S.PAID:
                raise ValueError(f"an obligation does not become {transition.to} by date")

    def allocate(
        self, amount: UsdCents, *, payment_id: UUID, allocation_id: UUID, effective: date
    ) -> Outcome:
        """Part of a payment, at most what is outstanding; paid when nothing is left."""
        if self.is_paid or amount == 0:
            return ALREADY
        if amount > self.outstanding:
            raise ValueError(f"{amount} is more than the {self.outstanding} outstanding on {self.id}")
        outcome = self.emit(
            PaymentAllocated(
                ledger_tx_id=allocation_id,
                payment_id=payment_id,
                payment_allocation_id=allocation_id,
                payment_allocation_amount=amount,
            )
        )
        if self.outstanding == 0:
            self.emit(Completed(effective=effective))
        return outcome
