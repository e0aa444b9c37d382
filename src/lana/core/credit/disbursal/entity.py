"""A disbursal: initiated with its amount reserved, approved, then settled or cancelled."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Self
from uuid import UUID

from lana.core.credit.disbursal.errors import AmountIsZero
from lana.core.credit.primitives import DenialReason, DisbursalStatus, ReceivableAccountIds
from lana.lib.es.entity import ALREADY, Entity, Event, Outcome
from lana.lib.money import UsdCents, require_cents


class Initialized(Event, frozen=True, tag="initialized"):
    id: UUID
    ledger_tx_id: UUID
    approval_process_id: UUID
    facility_id: UUID
    amount: UsdCents
    account_ids: ReceivableAccountIds
    defaulted_account_id: UUID
    disbursal_credit_account_id: UUID
    due_date: date
    overdue_date: date | None
    liquidation_date: date | None
    public_id: str


class ApprovalProcessConcluded(Event, frozen=True, tag="approval_process_concluded"):
    approval_process_id: UUID
    approved: bool


class Settled(Event, frozen=True, tag="settled"):
    ledger_tx_id: UUID
    obligation_id: UUID
    amount: UsdCents
    effective: date


class Cancelled(Event, frozen=True, tag="cancelled"):
    ledger_tx_id: UUID
    reason: DenialReason | None = None


DisbursalEvent = Initialized | ApprovalProcessConcluded | Settled | Cancelled


class Disbursal(Entity[DisbursalEvent]):
    """Settled or cancelled once. Its id is that of its approval process and its initiating transaction."""

    kind: ClassVar[str] = "disbursal"
    event_types: ClassVar[object] = DisbursalEvent

    approval_process_id: UUID
    facility_id: UUID
    amount: UsdCents
    account_ids: ReceivableAccountIds
    defaulted_account_id: UUID
    disbursal_credit_account_id: UUID
    due_date: date
    overdue_date: date | None
    liquidation_date: date | None
    public_id: str
    ledger_tx_ids: tuple[UUID, ...]
    status: DisbursalStatus = DisbursalStatus.NEW
    is_approved: bool | None = None
    denial_reason: DenialReason | None = None
    obligation_id: UUID | None = None

    @classmethod
    def begin(cls, event: DisbursalEvent) -> Self:
        assert isinstance(event, Initialized)
        return cls(
            id=event.id,
            approval_process_id=event.approval_process_id,
            facility_id=event.facility_id,
            amount=event.amount,
            account_ids=event.account_ids,
            defaulted_account_id=event.defaulted_account_id,
            disbursal_credit_account_id=event.disbursal_credit_account_id,
            due_date=event.due_date,
            overdue_date=event.overdue_date,
            liquidation_date=event.liquidation_date,
            public_id=event.public_id,
            ledger_tx_ids=(event.ledger_tx_id,),
        )

    def apply(self, event: DisbursalEvent) -> None:
        match event:
            case ApprovalProcessConcluded(approved=approved):
                self.is_approved = approved
            case Settled():
                self.status = DisbursalStatus.CONFIRMED
                self.obligation_id = event.obligation_id
                self.ledger_tx_ids = (*self.ledger_tx_ids, event.ledger_tx_id)
            case Cancelled():
                self.status = DisbursalStatus.DENIED
                self.denial_reason = event.reason
                self.ledger_tx_ids = (*self.ledger_tx_ids, event.ledger_tx_id)
            case Initialized():
                raise ValueError("a disbursal begins once")

    @classmethod
    def initiate(cls, event: Initialized) -> Self:
        """AmountIsZero, AmountTooLarge."""
        if event.amount == 0:
            raise AmountIsZero("Disbursal amount cannot be zero", field="amount")
        require_cents(event.amount)
        return cls.born(event)

    @property
    def is_new(self) -> bool:
        return self.status is DisbursalStatus.NEW

    @property
    def settled_tx_id(self) -> UUID | None:
        return self.ledger_tx_ids[-1] if self.status is DisbursalStatus.CONFIRMED else None

    @property
    def awaits_settlement(self) -> bool:
        """Approved while the price was stale."""
        return self.is_new and self.is_approved is True

    def conclude_approval(self, approved: bool) -> Outcome:
        if self.is_approved is not None:
            return ALREADY
        return self.emit(
            ApprovalProcessConcluded(approval_process_id=self.approval_process_id, approved=approved)
        )

    def settle(self, ledger_tx_id: UUID, obligation_id: UUID, effective: date) -> Outcome:
        if not self.is_new:
            return ALREADY
        return self.emit(
            Settled(
                ledger_tx_id=ledger_tx_id,
                obligation_id=obligation_id,
                amount=self.amount,
                effective=effective,
            )
        )

    def cancel(self, ledger_tx_id: UUID, reason: DenialReason | None = None) -> Outcome:
        if not self.is_new:
            return ALREADY
        return self.emit(Cancelled(ledger_tx_id=ledger_tx_id, reason=reason))
