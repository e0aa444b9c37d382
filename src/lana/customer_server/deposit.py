"""The caller's own deposit account and its movements."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import strawberry

from lana.core import deposit as core
from lana.customer_server.common import Info
from lana.customer_server.deposit_history import DepositAccountHistoryEntry, history_entry
from lana.lib.graphql import Connection, UsdCents, connection
from lana.lib.pg.page import Page

strawberry.enum(core.DepositStatus)
strawberry.enum(core.WithdrawalStatus)


@strawberry.type
class DepositAccountBalance:
    settled: UsdCents
    pending: UsdCents
    frozen: UsdCents

    @classmethod
    def of(cls, balance: core.Balance) -> DepositAccountBalance:
        return cls(settled=balance.settled, pending=balance.pending, frozen=balance.frozen)


@strawberry.type
class Deposit:
    id: strawberry.ID
    deposit_id: UUID
    account_id: UUID
    amount: UsdCents
    reference: str
    status: core.DepositStatus
    created_at: datetime

    @classmethod
    def of(cls, deposit: core.Deposit) -> Deposit:
        return cls(
            id=strawberry.ID(f"Deposit:{deposit.id}"),
            deposit_id=deposit.id,
            account_id=deposit.deposit_account_id,
            amount=deposit.amount,
            reference=deposit.reference,
            status=deposit.status,
            created_at=deposit.created_at,
        )


@strawberry.type
class Withdrawal:
    id: strawberry.ID
    withdrawal_id: UUID
    account_id: UUID
    amount: UsdCents
    reference: str
    status: core.WithdrawalStatus
    created_at: datetime

    @classmethod
    def of(cls, withdrawal: core.Withdrawal) -> Withdrawal:
        return cls(
            id=strawberry.ID(f"Withdrawal:{withdrawal.id}"),
            withdrawal_id=withdrawal.id,
            account_id=withdrawal.deposit_account_id,
            amount=withdrawal.amount,
            reference=withdrawal.reference,
            status=withdrawal.status,
            created_at=withdrawal.created_at,
        )


@strawberry.type
class DepositAccount:
    id: strawberry.ID
    deposit_account_id: UUID
    customer_id: UUID
    created_at: datetime

    @classmethod
    def of(cls, account: core.DepositAccount) -> DepositAccount:
        return cls(
            id=strawberry.ID(f"DepositAccount:{account.id}"),
            deposit_account_id=account.id,
            customer_id=account.account_holder_id,
            created_at=account.created_at,
        )

    @strawberry.field
    async def balance(self, info: Info) -> DepositAccountBalance:
        own, ctx = info.context.app.own_deposits, info.context.ctx
        return DepositAccountBalance.of(await own.find_balance(ctx, self.deposit_account_id))

    @strawberry.field
    async def deposits(self, info: Info) -> list[Deposit]:
        own, ctx = info.context.app.own_deposits, info.context.ctx
        return [Deposit.of(deposit) for deposit in await own.list_deposits(ctx, self.deposit_account_id)]

    @strawberry.field
    async def withdrawals(self, info: Info) -> list[Withdrawal]:
        own, ctx = info.context.app.own_deposits, info.context.ctx
        return [Withdrawal.of(one) for one in await own.list_withdrawals(ctx, self.deposit_account_id)]

    @strawberry.field
    async def history(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[DepositAccountHistoryEntry]:
        own, ctx = info.context.app.own_deposits, info.context.ctx
        found = await own.list_history(ctx, self.deposit_account_id, Page(first, after))
        return connection(found, history_entry)
