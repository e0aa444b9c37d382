"""Deposits: recorded, perhaps reverted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from lana.core.deposit.account.repo import DepositAccountRepo
from lana.core.deposit.deposit.entity import Deposit
from lana.core.deposit.deposit.repo import DepositRepo
from lana.core.deposit.ledger import DepositLedger, Template
from lana.core.deposit.primitives import DepositAction, DepositStatus
from lana.core.deposit.public import DepositInitialized, DepositReverted
from lana.core.deposit.references import checked_amount, claim_reference
from lana.core.public_id import PublicIds, TargetKind
from lana.lib.authz import Authorizer, Scope
from lana.lib.es.entity import ALREADY
from lana.lib.es.op import Op
from lana.lib.pg.database import Database
from lana.lib.pg.page import Found, Order, Page


class Deposits:
    def __init__(self, db: Database, authz: Authorizer, public_ids: PublicIds, ledger: DepositLedger) -> None:
        self.repo = DepositRepo(db)
        self.accounts = DepositAccountRepo(db)
        self._authz = authz
        self._public_ids = public_ids
        self._ledger = ledger

    # --- commands -------------------------------------------------------------------------------------------

    async def record_deposit(
        self, op: Op, account_id: UUID, amount: int, reference: str | None = None
    ) -> Deposit:
        self._authz.enforce(op, DepositAction.CREATE)
        account = await op.find(self.accounts, account_id)
        account.require_active()
        new = op.new_id()
        deposit = Deposit.record(
            new_id=new,
            account_id=account_id,
            amount=checked_amount(amount),
            reference=reference,
            public_id=await self._public_ids.draw(op, TargetKind.DEPOSIT, new),
        )
        await claim_reference(op, self.repo, reference)
        self._ledger.post(op, Template.RECORD_DEPOSIT, new, deposit)
        op.publish(DepositInitialized(id=new, deposit_account_id=account_id, amount=deposit.amount))
        return op.add(self.repo, deposit)

    async def revert_deposit(self, op: Op, deposit_id: UUID) -> Deposit:
        self._authz.enforce(op, DepositAction.REVERT, deposit_id)
        deposit = await op.find(self.repo, deposit_id)
        account = await op.find(self.accounts, deposit.deposit_account_id)
        account.require_active()
        transaction_id = op.new_id()
        if deposit.revert(transaction_id) is not ALREADY:
            self._ledger.post(op, Template.REVERT_DEPOSIT, transaction_id, deposit)
            op.publish(DepositReverted(id=deposit.id, deposit_account_id=account.id, amount=deposit.amount))
        return deposit

    # --- reads of staff -------------------------------------------------------------------------------------

    async def maybe_find_deposit(self, ctx: Scope, deposit_id: UUID) -> Deposit | None:
        self._authz.enforce(ctx, DepositAction.READ, deposit_id)
        return await self.repo.peek(deposit_id)

    async def maybe_find_deposit_by_public_id(self, ctx: Scope, public_id: str) -> Deposit | None:
        self._authz.enforce(ctx, DepositAction.READ)
        target = await self._public_ids.target_of(public_id, TargetKind.DEPOSIT)
        return await self.repo.peek(target) if target else None

    async def find_many_deposits(self, ctx: Scope, ids: Sequence[UUID]) -> Mapping[UUID, Deposit]:
        self._authz.enforce(ctx, DepositAction.READ, *ids)
        return await self.repo.peek_many(ids)

    async def list_deposits(
        self, ctx: Scope, page: Page, order: Order | None = None, status: DepositStatus | None = None
    ) -> Found[Deposit]:
        self._authz.enforce(ctx, DepositAction.LIST)
        return await self.repo.list(page, order, {"status": status})

    async def find_many_deposits_by_account(
        self, ctx: Scope, account_ids: Sequence[UUID]
    ) -> Mapping[UUID, Sequence[Deposit]]:
        """Each account's, newest first, up to the bound of lists without pages."""
        self._authz.enforce(ctx, DepositAction.LIST)
        return await self.repo.of_parents(account_ids)
