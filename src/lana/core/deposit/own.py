"""What a customer may see: their own account and its movements, each look kept for the audit.

Somebody else's account is answered as not found, like one that does not exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from lana.core.deposit.account.entity import DepositAccount
from lana.core.deposit.account.errors import DepositAccountNotFound
from lana.core.deposit.account.repo import DepositAccountRepo
from lana.core.deposit.deposit.entity import Deposit
from lana.core.deposit.deposit.repo import DepositRepo
from lana.core.deposit.history import Histories, HistoryEntry
from lana.core.deposit.ledger import DepositLedger
from lana.core.deposit.primitives import AccountAction, Balance, DepositAction, WithdrawalAction
from lana.core.deposit.withdrawal.entity import Withdrawal
from lana.core.deposit.withdrawal.repo import WithdrawalRepo
from lana.lib.authz import Action, Authorizer, Check, Scope
from lana.lib.errors import NotAuthorized
from lana.lib.pg.database import Database
from lana.lib.pg.page import Found, Page


class OwnDeposits:
    def __init__(self, db: Database, authz: Authorizer, ledger: DepositLedger, histories: Histories) -> None:
        self._accounts = DepositAccountRepo(db)
        self._deposits = DepositRepo(db)
        self._withdrawals = WithdrawalRepo(db)
        self._authz = authz
        self._ledger = ledger
        self._histories = histories

    async def find_account(self, ctx: Scope) -> DepositAccount:
        """The caller's newest account. `DepositAccountNotFound` without one."""
        self._list(ctx, AccountAction.LIST)
        found = (await self._accounts.of_holders([ctx.subject.id])).get(ctx.subject.id)
        if found is None:
            raise NoDepositAccount
        return found

    async def find_balance(self, ctx: Scope, account_id: UUID) -> Balance:
        account = await self._own(ctx, AccountAction.READ_BALANCE, account_id)
        return await self._ledger.balance(account.account_ids)

    async def list_history(self, ctx: Scope, account_id: UUID, page: Page) -> Found[HistoryEntry]:
        await self._own(ctx, AccountAction.READ, account_id)
        return await self._histories.page_of(account_id, page)

    async def list_deposits(self, ctx: Scope, account_id: UUID) -> Sequence[Deposit]:
        await self._own(ctx, AccountAction.READ, account_id)
        self._list(ctx, DepositAction.LIST)
        return await self._deposits.all_by("deposit_account_id", account_id)

    async def list_withdrawals(self, ctx: Scope, account_id: UUID) -> Sequence[Withdrawal]:
        await self._own(ctx, AccountAction.READ, account_id)
        self._list(ctx, WithdrawalAction.LIST)
        return await self._withdrawals.all_by("deposit_account_id", account_id)

    async def find_many_deposits(self, ctx: Scope, ids: Sequence[UUID]) -> dict[UUID, Deposit]:
        """Of an account whose history the caller was given."""
        found = await self._deposits.peek_many(ids)
        await self._own_all(ctx, DepositAction.READ, {i: d.deposit_account_id for i, d in found.items()})
        return found

    async def find_many_withdrawals(self, ctx: Scope, ids: Sequence[UUID]) -> dict[UUID, Withdrawal]:
        """Of an account whose history the caller was given."""
        found = await self._withdrawals.peek_many(ids)
        await self._own_all(ctx, WithdrawalAction.READ, {i: w.deposit_account_id for i, w in found.items()})
        return found

    async def find_many_withdrawals_by_cancellation(
        self, ctx: Scope, transaction_ids: Sequence[UUID]
    ) -> dict[UUID, Withdrawal]:
        ids = await self._withdrawals.ids_by_cancellation(transaction_ids)
        found = await self.find_many_withdrawals(ctx, list(ids.values()))
        return {tx: found[withdrawal_id] for tx, withdrawal_id in ids.items() if withdrawal_id in found}

    async def _own(self, ctx: Scope, action: Action, account_id: UUID) -> DepositAccount:
        account = await self._accounts.peek(account_id)
        if account is None or not self._authz.enforce_owner(
            ctx, action, account_id, account.account_holder_id
        ):
            raise DepositAccountNotFound
        return account

    async def _own_all(self, ctx: Scope, action: Action, account_of: dict[UUID, UUID]) -> None:
        accounts = await self._accounts.peek_many(list(set(account_of.values())))
        owners = {
            object_id: accounts[account_id].account_holder_id for object_id, account_id in account_of.items()
        }
        answers = [self._authz.enforce_owner(ctx, action, one, owner) for one, owner in owners.items()]
        if not all(answers):
            raise DepositAccountNotFound

    def _list(self, ctx: Scope, action: Action) -> None:
        allowed = ctx.subject.is_customer
        ctx.record(Check(ctx.subject, action, (), allowed))
        if not allowed:
            raise NotAuthorized


class NoDepositAccount(DepositAccountNotFound):
    variant = "DepositAccountNotFound"
    prefix = "CustomerError"
