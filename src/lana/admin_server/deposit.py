"""Deposit accounts, deposits and withdrawals."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from uuid import UUID

import strawberry

from lana.admin_server.common import Info
from lana.admin_server.deposit_history import DepositAccountHistoryEntry, history_entry
from lana.admin_server.history import EventTimelineEntry, event_history
from lana.admin_server.refs import (
    ApprovalProcessRef,
    CustomerRef,
    DepositAccountModuleConfigRef,
    LedgerAccountRef,
    LedgerTransactionRef,
)
from lana.admin_server.related import customer_of, process_of
from lana.core import deposit as core
from lana.lib.graphql import (
    Connection,
    PublicId,
    UsdCents,
    connection,
    entity,
    order_of,
)
from lana.lib.pg.page import Direction, Page

strawberry.enum(core.AccountStatus, name="DepositAccountStatus")
strawberry.enum(core.Activity)
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
class DepositAccountLedgerAccounts:
    ids: strawberry.Private[core.AccountIds]

    @strawberry.field
    async def deposit_account(self, info: Info) -> LedgerAccountRef:
        return await ledger_account(info, self.ids.deposit_account_id)

    @strawberry.field
    async def frozen_deposit_account(self, info: Info) -> LedgerAccountRef:
        return await ledger_account(info, self.ids.frozen_deposit_account_id)


async def ledger_account(info: Info, account_id: UUID) -> LedgerAccountRef:
    from lana.admin_server import ledger

    request = info.context
    found = await request.need(request.app.ledger.find_many_accounts, account_id, "Ledger account")
    return ledger.LedgerAccount.of(found)


async def ledger_transactions(info: Info, ids: tuple[UUID, ...]) -> list[LedgerTransactionRef]:
    from lana.admin_server import ledger

    request = info.context
    found = await request.load_many(request.app.ledger.find_many_transactions, ids)
    return [ledger.LedgerTransaction.of(transaction) for transaction in found]


@entity("depositAccountId")
class DepositAccount:
    entity: strawberry.Private[core.DepositAccount]
    deposit_account_id: UUID
    public_id: PublicId
    customer_id: UUID
    status: core.AccountStatus
    activity: core.Activity
    created_at: datetime

    @classmethod
    def of(cls, account: core.DepositAccount) -> DepositAccount:
        return cls(
            entity=account,
            deposit_account_id=account.id,
            public_id=PublicId(account.public_id),
            customer_id=account.account_holder_id,
            status=account.status,
            activity=account.activity,
            created_at=account.created_at,
        )

    @strawberry.field
    async def customer(self, info: Info) -> CustomerRef:
        return await customer_of(info, self.customer_id)

    @strawberry.field
    async def balance(self, info: Info) -> DepositAccountBalance:
        request = info.context
        find_many = request.app.deposit_accounts.find_many_balances
        found = await request.need(find_many, self.deposit_account_id, "Deposit account")
        return DepositAccountBalance.of(found)

    @strawberry.field
    async def history(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[DepositAccountHistoryEntry]:
        request = info.context
        found = await request.app.deposit_histories.list_history(
            request.ctx, self.deposit_account_id, Page(first, after)
        )
        return connection(found, history_entry)

    @strawberry.field
    async def deposits(self, info: Info) -> list[Deposit]:
        request = info.context
        find_many = request.app.deposits.find_many_deposits_by_account
        found = await request.load(find_many, self.deposit_account_id)
        return [Deposit.of(deposit) for deposit in found or ()]

    @strawberry.field
    async def withdrawals(self, info: Info) -> list[Withdrawal]:
        request = info.context
        find_many = request.app.withdrawals.find_many_withdrawals_by_account
        found = await request.load(find_many, self.deposit_account_id)
        return [Withdrawal.of(withdrawal) for withdrawal in found or ()]

    @strawberry.field
    def ledger_accounts(self) -> DepositAccountLedgerAccounts:
        return DepositAccountLedgerAccounts(ids=self.entity.account_ids)

    @strawberry.field
    async def event_history(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[EventTimelineEntry]:
        source = info.context.app.deposit_accounts.repo.events
        return await event_history(source, self.deposit_account_id, first, after)


@entity("depositId")
class Deposit:
    entity: strawberry.Private[core.Deposit]
    deposit_id: UUID
    public_id: PublicId
    account_id: UUID
    amount: UsdCents
    reference: str
    status: core.DepositStatus
    created_at: datetime

    @classmethod
    def of(cls, deposit: core.Deposit) -> Deposit:
        return cls(
            entity=deposit,
            deposit_id=deposit.id,
            public_id=PublicId(deposit.public_id),
            account_id=deposit.deposit_account_id,
            amount=deposit.amount,
            reference=deposit.reference,
            status=deposit.status,
            created_at=deposit.created_at,
        )

    @strawberry.field
    async def account(self, info: Info) -> DepositAccount:
        return await account_of(info, self.account_id)

    @strawberry.field
    async def ledger_transactions(self, info: Info) -> list[LedgerTransactionRef]:
        return await ledger_transactions(info, self.entity.ledger_tx_ids)

    @strawberry.field
    async def event_history(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[EventTimelineEntry]:
        return await event_history(info.context.app.deposits.repo.events, self.deposit_id, first, after)


@entity("withdrawalId")
class Withdrawal:
    entity: strawberry.Private[core.Withdrawal]
    withdrawal_id: UUID
    public_id: PublicId
    account_id: UUID
    approval_process_id: UUID
    amount: UsdCents
    reference: str
    status: core.WithdrawalStatus
    created_at: datetime

    @classmethod
    def of(cls, withdrawal: core.Withdrawal) -> Withdrawal:
        return cls(
            entity=withdrawal,
            withdrawal_id=withdrawal.id,
            public_id=PublicId(withdrawal.public_id),
            account_id=withdrawal.deposit_account_id,
            approval_process_id=withdrawal.approval_process_id,
            amount=withdrawal.amount,
            reference=withdrawal.reference,
            status=withdrawal.status,
            created_at=withdrawal.created_at,
        )

    @strawberry.field
    async def account(self, info: Info) -> DepositAccount:
        return await account_of(info, self.account_id)

    @strawberry.field
    async def approval_process(self, info: Info) -> ApprovalProcessRef:
        return await process_of(info, self.approval_process_id)

    @strawberry.field
    async def ledger_transactions(self, info: Info) -> list[LedgerTransactionRef]:
        return await ledger_transactions(info, self.entity.ledger_tx_ids)

    @strawberry.field
    async def event_history(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[EventTimelineEntry]:
        return await event_history(info.context.app.withdrawals.repo.events, self.withdrawal_id, first, after)


async def account_of(info: Info, account_id: UUID) -> DepositAccount:
    request = info.context
    find_many = request.app.deposit_accounts.find_many_accounts
    return DepositAccount.of(await request.need(find_many, account_id, "Deposit account"))


@strawberry.enum
class DepositAccountsSortBy(Enum):
    CREATED_AT = "created_at"
    PUBLIC_ID = "public_id"


@strawberry.input
class DepositAccountsSort:
    by: DepositAccountsSortBy = DepositAccountsSortBy.CREATED_AT
    direction: Direction = Direction.DESC


@strawberry.enum
class DepositsSortBy(Enum):
    AMOUNT = "amount"
    CREATED_AT = "created_at"
    PUBLIC_ID = "public_id"


@strawberry.input
class DepositsSort:
    by: DepositsSortBy = DepositsSortBy.CREATED_AT
    direction: Direction = Direction.DESC


@strawberry.enum
class WithdrawalsSortBy(Enum):
    AMOUNT = "amount"
    CREATED_AT = "created_at"
    PUBLIC_ID = "public_id"


@strawberry.input
class WithdrawalsSort:
    by: WithdrawalsSortBy = WithdrawalsSortBy.CREATED_AT
    direction: Direction = Direction.DESC


@strawberry.input
class DepositAccountsFilter:
    status: core.AccountStatus | None = None
    activity: core.Activity | None = None


@strawberry.input
class DepositsFilter:
    status: core.DepositStatus | None = None


@strawberry.input
class WithdrawalsFilter:
    status: core.WithdrawalStatus | None = None


@strawberry.type
class Query:
    @strawberry.field
    async def deposit_account(self, info: Info, id: UUID) -> DepositAccount | None:
        found = await info.context.app.deposit_accounts.maybe_find_account(info.context.ctx, id)
        return DepositAccount.of(found) if found else None

    @strawberry.field
    async def deposit_account_by_public_id(self, info: Info, id: PublicId) -> DepositAccount | None:
        accounts = info.context.app.deposit_accounts
        found = await accounts.maybe_find_account_by_public_id(info.context.ctx, id)
        return DepositAccount.of(found) if found else None

    @strawberry.field
    async def deposit_accounts(
        self,
        info: Info,
        first: int,
        after: str | None = None,
        sort: DepositAccountsSort | None = DepositAccountsSort(),
        filter: DepositAccountsFilter | None = None,
    ) -> Connection[DepositAccount]:
        asked = filter or DepositAccountsFilter()
        found = await info.context.app.deposit_accounts.list_accounts(
            info.context.ctx, Page(first, after), order_of(sort), asked.status, asked.activity
        )
        return connection(found, DepositAccount.of)

    @strawberry.field
    def deposit_account_config(self, info: Info) -> DepositAccountModuleConfigRef | None:
        info.context.app.deposit_accounts.check_may_read_config(info.context.ctx)
        return None

    @strawberry.field
    async def deposit(self, info: Info, id: UUID) -> Deposit | None:
        found = await info.context.app.deposits.maybe_find_deposit(info.context.ctx, id)
        return Deposit.of(found) if found else None

    @strawberry.field
    async def deposit_by_public_id(self, info: Info, id: PublicId) -> Deposit | None:
        found = await info.context.app.deposits.maybe_find_deposit_by_public_id(info.context.ctx, id)
        return Deposit.of(found) if found else None

    @strawberry.field
    async def deposits(
        self,
        info: Info,
        first: int,
        after: str | None = None,
        sort: DepositsSort | None = DepositsSort(),
        filter: DepositsFilter | None = None,
    ) -> Connection[Deposit]:
        asked = filter or DepositsFilter()
        found = await info.context.app.deposits.list_deposits(
            info.context.ctx, Page(first, after), order_of(sort), asked.status
        )
        return connection(found, Deposit.of)

    @strawberry.field
    async def withdrawal(self, info: Info, id: UUID) -> Withdrawal | None:
        found = await info.context.app.withdrawals.maybe_find_withdrawal(info.context.ctx, id)
        return Withdrawal.of(found) if found else None

    @strawberry.field
    async def withdrawal_by_public_id(self, info: Info, id: PublicId) -> Withdrawal | None:
        found = await info.context.app.withdrawals.maybe_find_withdrawal_by_public_id(info.context.ctx, id)
        return Withdrawal.of(found) if found else None

    @strawberry.field
    async def withdrawals(
        self,
        info: Info,
        first: int,
        after: str | None = None,
        sort: WithdrawalsSort | None = WithdrawalsSort(),
        filter: WithdrawalsFilter | None = None,
    ) -> Connection[Withdrawal]:
        asked = filter or WithdrawalsFilter()
        found = await info.context.app.withdrawals.list_withdrawals(
            info.context.ctx, Page(first, after), order_of(sort), asked.status
        )
        return connection(found, Withdrawal.of)
