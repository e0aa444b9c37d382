"""Deposit accounts: opened for customers, frozen, unfrozen, closed; their balances."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol
from uuid import UUID

from lana.core.customer import Customers
from lana.core.deposit.account.entity import DepositAccount, Initialized
from lana.core.deposit.account.errors import DepositAccountAlreadyExists, DepositAccountClosed
from lana.core.deposit.account.repo import DepositAccountRepo
from lana.core.deposit.ledger import DepositLedger, external_id
from lana.core.deposit.primitives import (
    AccountAction,
    AccountFreezeReason,
    AccountIds,
    AccountStatus,
    Activity,
    Balance,
    ConfigAction,
)
from lana.core.deposit.public import DepositAccountCreated
from lana.core.public_id import PublicIds, TargetKind
from lana.lib.authz import Authorizer, Scope
from lana.lib.es.entity import ALREADY
from lana.lib.es.op import Op
from lana.lib.money import UsdCents
from lana.lib.pg.database import Database
from lana.lib.pg.page import Found, Order, Page

HOLDER_SPACE: Final = "deposit-account.holder"
REMEMBERED: Final = 100_000


class ClosingCheck(Protocol):
    """What another domain still needs an account for."""

    async def __call__(self, op: Op, account: DepositAccount) -> None:
        """Raise `DepositAccountClosePreconditionFailed`; guard what the answer rests on."""
        ...


class DepositAccounts:
    def __init__(
        self,
        db: Database,
        authz: Authorizer,
        customers: Customers,
        public_ids: PublicIds,
        ledger: DepositLedger,
    ) -> None:
        self.repo = DepositAccountRepo(db)
        self.ledger = ledger
        self.closing_checks: list[ClosingCheck] = []
        self._authz = authz
        self._customers = customers
        self._public_ids = public_ids
        self._ledger_ids: dict[UUID, AccountIds] = {}

    # --- commands -------------------------------------------------------------------------------------------

    async def create_account(self, op: Op, customer_id: UUID) -> DepositAccount:
        self._authz.enforce(op, AccountAction.CREATE)
        customer = await self._customers.find_eligible(op, customer_id)
        new = op.new_id()
        ids = AccountIds(deposit_account_id=new, frozen_deposit_account_id=op.new_id())
        self.ledger.open_accounts(op, ids, customer.id, customer.customer_type)
        op.claim(HOLDER_SPACE, str(customer_id), DepositAccountAlreadyExists(external_id(customer_id)))
        event = Initialized(
            id=new,
            account_holder_id=customer.id,
            account_ids=ids,
            status=AccountStatus.ACTIVE,
            activity=Activity.ACTIVE,
            public_id=await self._public_ids.draw(op, TargetKind.DEPOSIT_ACCOUNT, new),
        )
        op.publish(DepositAccountCreated(id=new, account_holder_id=customer.id))
        return op.add(self.repo, DepositAccount.born(event))

    async def freeze_account(self, op: Op, account_id: UUID) -> DepositAccount:
        self._authz.enforce(op, AccountAction.FREEZE, account_id)
        account = await op.find(self.repo, account_id)
        await self._freeze(op, account, AccountFreezeReason.ACCOUNT)
        return account

    async def unfreeze_account(self, op: Op, account_id: UUID) -> DepositAccount:
        self._authz.enforce(op, AccountAction.UNFREEZE, account_id)
        account = await op.find(self.repo, account_id)
        await self._unfreeze(op, account, AccountFreezeReason.ACCOUNT)
        return account

    async def close_account(self, op: Op, account_id: UUID) -> DepositAccount:
        self._authz.enforce(op, AccountAction.CLOSE, account_id)
        account = await op.find(self.repo, account_id)
        balance = await self.ledger.balance(account.account_ids)
        if account.close(balance) is not ALREADY:
            for check in self.closing_checks:
                await check(op, account)
            self.ledger.lock(op, account.account_ids, balance)
        return account

    async def maybe_find_of_holder(self, op: Op, holder_id: UUID) -> DepositAccount | None:
        """For other domains: the holder's newest account, guarded."""
        found = (await self.repo.of_holders([holder_id])).get(holder_id)
        return op.keep(self.repo, found) if found else None

    async def is_active(self, op: Op, account_id: UUID) -> bool:
        """For other domains that move its money: whether it is there and takes and gives any, guarded."""
        account = await op.maybe_find(self.repo, account_id)
        return account is not None and account.status is AccountStatus.ACTIVE

    async def take_in(self, op: Op, account_id: UUID, amount: UsdCents, post: Callable[[], None]) -> None:
        """For other domains: money that is the holder's whatever the bank thinks of the holder now. `post`
        credits the account; while it is frozen the amount joins what is set aside. DepositAccountClosed.
        """
        account = await op.find(self.repo, account_id)
        if account.is_closed:
            raise DepositAccountClosed(account_id)
        if account.status is AccountStatus.ACTIVE:
            post()
            return
        op.unlock_account(account.id)
        post()
        self.ledger.set_aside(op, account.account_ids, amount)
        op.lock_account(account.id)

    async def freeze_with_holder(self, op: Op, holder_id: UUID) -> None:
        """Every account the holder has open, for as long as the holder is frozen."""
        for account_id in await self.repo.ids_of_holder(holder_id):
            account = await op.find(self.repo, account_id)
            if not account.is_closed:
                self._authz.enforce(op, AccountAction.FREEZE, account_id)
                await self._freeze(op, account, AccountFreezeReason.HOLDER)

    async def unfreeze_with_holder(self, op: Op, holder_id: UUID) -> None:
        """What was frozen with the holder, and for no reason of its own."""
        for account_id in await self.repo.ids_of_holder(holder_id):
            account = await op.find(self.repo, account_id)
            self._authz.enforce(op, AccountAction.UNFREEZE, account_id)
            await self._unfreeze(op, account, AccountFreezeReason.HOLDER)

    async def _freeze(self, op: Op, account: DepositAccount, reason: AccountFreezeReason) -> None:
        require_untouched(account)
        was_active = account.status is AccountStatus.ACTIVE
        if account.freeze(reason) is not ALREADY and was_active:
            balance = await self.ledger.balance(account.account_ids)
            self.ledger.freeze(op, account.account_ids, balance)

    async def _unfreeze(self, op: Op, account: DepositAccount, reason: AccountFreezeReason) -> None:
        require_untouched(account)
        if account.unfreeze(reason) is not ALREADY and account.status is AccountStatus.ACTIVE:
            balance = await self.ledger.balance(account.account_ids)
            self.ledger.unfreeze(op, account.account_ids, balance)

    # --- reads of staff -------------------------------------------------------------------------------------

    async def maybe_find_account(self, ctx: Scope, account_id: UUID) -> DepositAccount | None:
        self._authz.enforce(ctx, AccountAction.READ, account_id)
        return await self.repo.peek(account_id)

    async def maybe_find_account_by_public_id(self, ctx: Scope, public_id: str) -> DepositAccount | None:
        self._authz.enforce(ctx, AccountAction.READ)
        target = await self._public_ids.target_of(public_id, TargetKind.DEPOSIT_ACCOUNT)
        return await self.repo.peek(target) if target else None

    async def find_many_accounts(self, ctx: Scope, ids: Sequence[UUID]) -> Mapping[UUID, DepositAccount]:
        self._authz.enforce(ctx, AccountAction.READ, *ids)
        return self._remember(await self.repo.peek_many(ids))

    async def find_many_accounts_by_holder(
        self, ctx: Scope, holder_ids: Sequence[UUID]
    ) -> Mapping[UUID, DepositAccount]:
        """The newest account of each holder, by the holder's id."""
        self._authz.enforce(ctx, AccountAction.READ)
        return await self.repo.of_holders(holder_ids)

    async def list_accounts(
        self,
        ctx: Scope,
        page: Page,
        order: Order | None = None,
        status: AccountStatus | None = None,
        activity: Activity | None = None,
    ) -> Found[DepositAccount]:
        self._authz.enforce(ctx, AccountAction.LIST)
        return await self.repo.list(page, order, {"status": status, "activity": activity})

    async def find_many_balances(self, ctx: Scope, ids: Sequence[UUID]) -> Mapping[UUID, Balance]:
        self._authz.enforce(ctx, AccountAction.READ_BALANCE, *ids)
        known = {
            account_id: self._ledger_ids[account_id] for account_id in ids if account_id in self._ledger_ids
        }
        unknown = [account_id for account_id in ids if account_id not in known]
        found = self._remember(await self.repo.peek_many(unknown))
        return await self.ledger.balances([*known.values(), *(each.account_ids for each in found.values())])

    def _remember(self, accounts: Mapping[UUID, DepositAccount]) -> Mapping[UUID, DepositAccount]:
        """An account's ledger ids never change, so a balance needs no second look at the account."""
        if len(self._ledger_ids) > REMEMBERED:
            self._ledger_ids.clear()
        self._ledger_ids |= {account_id: account.account_ids for account_id, account in accounts.items()}
        return accounts

    def check_may_read_config(self, ctx: Scope) -> None:
        self._authz.enforce(ctx, ConfigAction.READ)


def require_untouched(account: DepositAccount) -> None:
    """The balance read does not know what the same Op is about to post, so an Op freezes or unfreezes once.

    A page of events that would do both fails here, and its events are then handled one by one.
    """
    if account.pending:
        raise RuntimeError(f"deposit account {account.id} was changed before in this Op")
