"""A deposit: confirmed as it is recorded, perhaps reverted later."""

from __future__ import annotations

from uuid import UUID

from lana.core.deposit.deposit.errors import DepositAmountZero
from lana.core.deposit.primitives import DepositStatus
from lana.lib.es.entity import ALREADY, Entity, Event, Outcome
from lana.lib.money import UsdCents


class Initialized(Event, tag="initialized", frozen=True):
    id: UUID
    ledger_tx_id: UUID
    deposit_account_id: UUID
    amount: UsdCents
    reference: str
    status: DepositStatus
    public_id: str


class Reverted(Event, tag="reverted", frozen=True):
    ledger_tx_id: UUID
    status: DepositStatus


DepositEvent = Initialized | Reverted


class Deposit(Entity[DepositEvent]):
    """Its id is that of the ledger transaction that recorded it."""

    kind = "deposit"
    event_types = DepositEvent

    deposit_account_id: UUID
    amount: UsdCents
    reference: str
    public_id: str
    status: DepositStatus
    ledger_tx_ids: tuple[UUID, ...]

    @classmethod
    def record(
        cls, *, new_id: UUID, account_id: UUID, amount: UsdCents, reference: str | None, public_id: str
    ) -> Deposit:
        if amount == 0:
            raise DepositAmountZero
        event = Initialized(
            id=new_id,
            ledger_tx_id=new_id,
            deposit_account_id=account_id,
            amount=amount,
            reference=reference or str(new_id),
            status=DepositStatus.CONFIRMED,
            public_id=public_id,
        )
        return cls.born(event)

    def revert(self, ledger_tx_id: UUID) -> Outcome:
        if self.status is DepositStatus.REVERTED:
            return ALREADY
        return self.emit(Reverted(ledger_tx_id=ledger_tx_id, status=DepositStatus.REVERTED))

    @classmethod
    def begin(cls, event: DepositEvent) -> Deposit:
        assert isinstance(event, Initialized)
        return cls(
            id=event.id,
            deposit_account_id=event.deposit_account_id,
            amount=event.amount,
            reference=event.reference,
            public_id=event.public_id,
            status=event.status,
            ledger_tx_ids=(event.ledger_tx_id,),
        )

    def apply(self, event: DepositEvent) -> None:
        match event:
            case Initialized():
                raise ValueError("a deposit is initialized once")
            case Reverted():
                self.status = event.status
                self.ledger_tx_ids = (*self.ledger_tx_ids, event.ledger_tx_id)
