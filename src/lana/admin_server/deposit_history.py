"""An account's history as GraphQL: each entry names its object, which is loaded only when asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import strawberry

from lana.admin_server.common import Info
from lana.admin_server.refs import (
    CreditFacilityDisbursalRef,
    CreditFacilityPaymentAllocationRef,
    DepositRef,
    WithdrawalRef,
)
from lana.core.deposit import HistoryEntry, HistoryKind
from lana.lib.graphql import UsdCents


@strawberry.type
class DepositEntry:
    transaction_id: strawberry.Private[UUID]
    recorded_at: datetime

    @strawberry.field
    async def deposit(self, info: Info) -> DepositRef:
        from lana.admin_server import deposit

        request = info.context
        find_many = request.app.deposits.find_many_deposits
        return deposit.Deposit.of(await request.need(find_many, self.transaction_id, "Deposit"))


@strawberry.type
class WithdrawalEntry:
    transaction_id: strawberry.Private[UUID]
    recorded_at: datetime

    @strawberry.field
    async def withdrawal(self, info: Info) -> WithdrawalRef:
        from lana.admin_server import deposit

        request = info.context
        find_many = request.app.withdrawals.find_many_withdrawals
        return deposit.Withdrawal.of(await request.need(find_many, self.transaction_id, "Withdrawal"))


@strawberry.type
class CancelledWithdrawalEntry:
    transaction_id: strawberry.Private[UUID]
    recorded_at: datetime

    @strawberry.field
    async def withdrawal(self, info: Info) -> WithdrawalRef:
        from lana.admin_server import deposit

        request = info.context
        find_many = request.app.withdrawals.find_many_withdrawals_by_cancellation
        return deposit.Withdrawal.of(await request.need(find_many, self.transaction_id, "Withdrawal"))


@strawberry.type
class DisbursalEntry:
    transaction_id: strawberry.Private[UUID]
    recorded_at: datetime

    @strawberry.field
    async def disbursal(self, info: Info) -> CreditFacilityDisbursalRef:
        from lana.admin_server import credit_disbursal

        request = info.context
        find_many = request.app.credit.facility_reading.find_many_disbursals_by_settlement
        found = await request.need(find_many, self.transaction_id, "Disbursal")
        return credit_disbursal.CreditFacilityDisbursal.of(found)


@strawberry.type
class PaymentEntry:
    transaction_id: strawberry.Private[UUID]
    recorded_at: datetime

    @strawberry.field
    async def payment(self, info: Info) -> CreditFacilityPaymentAllocationRef:
        from lana.admin_server import credit_disbursal

        request = info.context
        find_many = request.app.credit.facility_reading.find_many_allocations
        found = await request.need(find_many, self.transaction_id, "Payment allocation")
        return credit_disbursal.CreditFacilityPaymentAllocation.of(found)


@strawberry.type
class FreezeEntry:
    ledger_transaction_id: UUID
    amount: UsdCents
    recorded_at: datetime


@strawberry.type
class UnfreezeEntry:
    ledger_transaction_id: UUID
    amount: UsdCents
    recorded_at: datetime


@strawberry.type
class UnknownEntry:
    ledger_transaction_id: UUID
    recorded_at: datetime


DepositAccountHistoryEntry = Annotated[
    DepositEntry
    | WithdrawalEntry
    | CancelledWithdrawalEntry
    | DisbursalEntry
    | PaymentEntry
    | FreezeEntry
    | UnfreezeEntry
    | UnknownEntry,
    strawberry.union("DepositAccountHistoryEntry"),
]


def history_entry(entry: HistoryEntry) -> DepositAccountHistoryEntry:
    match entry.kind:
        case (
            HistoryKind.DEPOSIT
            | HistoryKind.WITHDRAWAL
            | HistoryKind.CANCELLED_WITHDRAWAL
            | HistoryKind.DISBURSAL
            | HistoryKind.PAYMENT
        ):
            return NAMED[entry.kind](transaction_id=entry.transaction_id, recorded_at=entry.recorded_at)
        case HistoryKind.FREEZE | HistoryKind.UNFREEZE:
            return AMOUNTS[entry.kind](
                ledger_transaction_id=entry.transaction_id,
                amount=entry.amount,
                recorded_at=entry.recorded_at,
            )
        case HistoryKind.UNKNOWN:
            return UnknownEntry(ledger_transaction_id=entry.transaction_id, recorded_at=entry.recorded_at)


NAMED: Final = {
    HistoryKind.DEPOSIT: DepositEntry,
    HistoryKind.WITHDRAWAL: WithdrawalEntry,
    HistoryKind.CANCELLED_WITHDRAWAL: CancelledWithdrawalEntry,
    HistoryKind.DISBURSAL: DisbursalEntry,
    HistoryKind.PAYMENT: PaymentEntry,
}
AMOUNTS: Final = {HistoryKind.FREEZE: FreezeEntry, HistoryKind.UNFREEZE: UnfreezeEntry}
