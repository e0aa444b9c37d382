"""A withdrawal: reserved, approved or denied, and then confirmed or cancelled; a confirmed one may be
reverted.
"""

from __future__ import annotations

from uuid import UUID

from lana.core.deposit.primitives import WithdrawalStatus
from lana.core.deposit.withdrawal.errors import (
    AlreadyCancelled,
    AlreadyConfirmed,
    AlreadyDenied,
    NotApproved,
    NotConfirmed,
    WithdrawalAmountZero,
)
from lana.lib.es.entity import ALREADY, Entity, Event, Outcome
from lana.lib.money import UsdCents


class Initialized(Event, tag="initialized", frozen=True):
    id: UUID
    ledger_tx_id: UUID
    approval_process_id: UUID
    deposit_account_id: UUID
    amount: UsdCents
    reference: str
    status: WithdrawalStatus
    public_id: str


class ApprovalProcessConcluded(Event, tag="approval_process_concluded", frozen=True):
    approved: bool
    status: WithdrawalStatus


class Denied(Event, tag="denied", frozen=True):
    ledger_tx_id: UUID
    status: WithdrawalStatus


class Confirmed(Event, tag="confirmed", frozen=True):
    ledger_tx_id: UUID
    status: WithdrawalStatus


class Cancelled(Event, tag="cancelled", frozen=True):
    ledger_tx_id: UUID
    status: WithdrawalStatus


class Reverted(Event, tag="reverted", frozen=True):
    ledger_tx_id: UUID
    status: WithdrawalStatus


WithdrawalEvent = Initialized | ApprovalProcessConcluded | Denied | Confirmed | Cancelled | Reverted


class Withdrawal(Entity[WithdrawalEvent]):
    """Funds are reserved at birth and released at most once: denied, cancelled and reverted are final."""

    kind = "withdrawal"
    event_types = WithdrawalEvent

    approval_process_id: UUID
    deposit_account_id: UUID
    amount: UsdCents
    reference: str
    public_id: str
    status: WithdrawalStatus
    ledger_tx_ids: tuple[UUID, ...]
    is_approved: bool | None = None
    cancelled_tx_id: UUID | None = None

    @classmethod
    def initiate(
        cls, *, new_id: UUID, account_id: UUID, amount: UsdCents, reference: str | None, public_id: str
    ) -> Withdrawal:
        if amount == 0:
            raise WithdrawalAmountZero
        event = Initialized(
            id=new_id,
            ledger_tx_id=new_id,
            approval_process_id=new_id,
            deposit_account_id=account_id,
            amount=amount,
            reference=reference or str(new_id),
            status=WithdrawalStatus.PENDING_APPROVAL,
            public_id=public_id,
        )
        return cls.born(event)

    @property
    def awaits_approval(self) -> bool:
        return self.status is WithdrawalStatus.PENDING_APPROVAL

    def conclude_approval(self, approved: bool, ledger_tx_id: UUID) -> Outcome:
        """A conclusion that comes again, or after the withdrawal was cancelled, changes nothing."""
        if not self.awaits_approval:
            return ALREADY
        if approved:
            status = WithdrawalStatus.PENDING_CONFIRMATION
            return self.emit(ApprovalProcessConcluded(approved=True, status=status))
        return self.emit(
            ApprovalProcessConcluded(approved=False, status=WithdrawalStatus.DENIED),
            Denied(ledger_tx_id=ledger_tx_id, status=WithdrawalStatus.DENIED),
        )

    def confirm(self, ledger_tx_id: UUID) -> Outcome:
        match self.status:
            case WithdrawalStatus.CONFIRMED | WithdrawalStatus.REVERTED:
                return ALREADY
            case WithdrawalStatus.PENDING_APPROVAL | WithdrawalStatus.DENIED:
                raise NotApproved(self.id)
            case WithdrawalStatus.CANCELLED:
                raise AlreadyCancelled(self.id) if self.is_approved else NotApproved(self.id)
            case WithdrawalStatus.PENDING_CONFIRMATION:
                status = WithdrawalStatus.CONFIRMED
                return self.emit(Confirmed(ledger_tx_id=ledger_tx_id, status=status))

    def cancel(self, ledger_tx_id: UUID) -> Outcome:
        match self.status:
            case WithdrawalStatus.CANCELLED:
                return ALREADY
            case WithdrawalStatus.CONFIRMED | WithdrawalStatus.REVERTED:
                raise AlreadyConfirmed(self.id)
            case WithdrawalStatus.DENIED:
                raise AlreadyDenied(self.id)
            case WithdrawalStatus.PENDING_APPROVAL | WithdrawalStatus.PENDING_CONFIRMATION:
                status = WithdrawalStatus.CANCELLED
                return self.emit(Cancelled(ledger_tx_id=ledger_tx_id, status=status))

    def revert(self, ledger_tx_id: UUID) -> Outcome:
        if self.status is WithdrawalStatus.REVERTED:
            return ALREADY
        if self.status is not WithdrawalStatus.CONFIRMED:
            raise NotConfirmed(self.id)
        return self.emit(Reverted(ledger_tx_id=ledger_tx_id, status=WithdrawalStatus.REVERTED))

    @classmethod
    def begin(cls, event: WithdrawalEvent) -> Withdrawal:
        assert isinstance(event, Initialized)
        return cls(
            id=event.id,
            approval_process_id=event.approval_process_id,
            deposit_account_id=event.deposit_account_id,
            amount=event.amount,
            reference=event.reference,
            public_id=event.public_id,
            status=event.status,
            ledger_tx_ids=(event.ledger_tx_id,),
        )

    def apply(self, event: WithdrawalEvent) -> None:
        match event:
            case Initialized():
                raise ValueError("a withdrawal is initialized once")
            case ApprovalProcessConcluded():
                self.status, self.is_approved = event.status, event.approved
            case Denied() | Confirmed() | Reverted():
                self._move(event.status, event.ledger_tx_id)
            case Cancelled():
                self._move(event.status, event.ledger_tx_id)
                self.cancelled_tx_id = event.ledger_tx_id

    def _move(self, status: WithdrawalStatus, ledger_tx_id: UUID) -> None:
        self.status = status
        self.ledger_tx_ids = (*self.ledger_tx_ids, ledger_tx_id)
