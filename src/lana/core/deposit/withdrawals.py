"""Withdrawals: initiated with their funds reserved, approved, then confirmed, cancelled or reverted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from lana.core.deposit.account.entity import DepositAccount
from lana.core.deposit.account.repo import DepositAccountRepo
from lana.core.deposit.ledger import DepositLedger, Template
from lana.core.deposit.primitives import AccountStatus, WithdrawalAction, WithdrawalStatus
from lana.core.deposit.public import WithdrawalApprovalConcluded, WithdrawalConfirmed
from lana.core.deposit.references import checked_amount, claim_reference
from lana.core.deposit.withdrawal.entity import Withdrawal
from lana.core.deposit.withdrawal.repo import WithdrawalRepo
from lana.core.governance import GovernanceService, ProcessType
from lana.core.public_id import PublicIds, TargetKind
from lana.lib.authz import Authorizer, Scope
from lana.lib.es.entity import ALREADY
from lana.lib.es.op import Op
from lana.lib.pg.database import Database
from lana.lib.pg.page import Found, Order, Page


class Withdrawals:
    def __init__(
        self,
        db: Database,
        authz: Authorizer,
        public_ids: PublicIds,
        ledger: DepositLedger,
        governance: GovernanceService,
    ) -> None:
        self.repo = WithdrawalRepo(db)
        self.accounts = DepositAccountRepo(db)
        self._authz = authz
        self._public_ids = public_ids
        self._ledger = ledger
        self._governance = governance

    # --- commands -------------------------------------------------------------------------------------------

    async def initiate_withdrawal(
        self, op: Op, account_id: UUID, amount: int, reference: str | None = None
    ) -> Withdrawal:
        self._authz.enforce(op, WithdrawalAction.INITIATE)
        account = await op.find(self.accounts, account_id)
        account.require_active()
        new = op.new_id()
        withdrawal = Withdrawal.initiate(
            new_id=new,
            account_id=account_id,
            amount=checked_amount(amount),
            reference=reference,
            public_id=await self._public_ids.draw(op, TargetKind.WITHDRAWAL, new),
        )
        await claim_reference(op, self.repo, reference)
        op.add(self.repo, withdrawal)
        await self._governance.start_process(
            op,
            ProcessType.WITHDRAW,
            new,
            target_ref=str(new),
            initiator=op.subject,
            amount=withdrawal.amount,
        )
        self._ledger.post(op, Template.INITIATE_WITHDRAW, new, withdrawal)
        return withdrawal

    async def confirm_withdrawal(self, op: Op, withdrawal_id: UUID) -> Withdrawal:
        self._authz.enforce(op, WithdrawalAction.CONFIRM, withdrawal_id)
        withdrawal = await self._find_movable(op, withdrawal_id)
        transaction_id = op.new_id()
        if withdrawal.confirm(transaction_id) is not ALREADY:
            self._ledger.post(op, Template.CONFIRM_WITHDRAW, transaction_id, withdrawal)
            op.publish(
                WithdrawalConfirmed(
                    id=withdrawal.id,
                    deposit_account_id=withdrawal.deposit_account_id,
                    amount=withdrawal.amount,
                    status=withdrawal.status,
                )
            )
        return withdrawal

    async def cancel_withdrawal(self, op: Op, withdrawal_id: UUID) -> Withdrawal:
        self._authz.enforce(op, WithdrawalAction.CANCEL, withdrawal_id)
        withdrawal = await self._find_movable(op, withdrawal_id)
        awaited_approval = withdrawal.awaits_approval
        transaction_id = op.new_id()
        if withdrawal.cancel(transaction_id) is not ALREADY:
            self._ledger.post(op, Template.CANCEL_WITHDRAW, transaction_id, withdrawal)
            if awaited_approval:
                await self._governance.cancel_process(op, withdrawal.approval_process_id)
        return withdrawal

    async def revert_withdrawal(self, op: Op, withdrawal_id: UUID) -> Withdrawal:
        self._authz.enforce(op, WithdrawalAction.REVERT, withdrawal_id)
        withdrawal = await self._find_movable(op, withdrawal_id)
        transaction_id = op.new_id()
        if withdrawal.revert(transaction_id) is not ALREADY:
            self._ledger.post(op, Template.REVERT_WITHDRAW, transaction_id, withdrawal)
        return withdrawal

    async def conclude_approval(self, op: Op, withdrawal_id: UUID, approved: bool) -> Withdrawal:
        """What the approval process decided, on a frozen account too: there, denied funds join what is
        frozen.
        """
        self._authz.enforce(op, WithdrawalAction.CONCLUDE_APPROVAL_PROCESS, withdrawal_id)
        withdrawal = await op.find(self.repo, withdrawal_id)
        transaction_id = op.new_id()
        if withdrawal.conclude_approval(approved, transaction_id) is ALREADY:
            return withdrawal
        if not approved:
            account = await op.find(self.accounts, withdrawal.deposit_account_id)
            self._deny(op, account, withdrawal, transaction_id)
        op.publish(
            WithdrawalApprovalConcluded(
                id=withdrawal.id,
                deposit_account_id=withdrawal.deposit_account_id,
                amount=withdrawal.amount,
                status=withdrawal.status,
            )
        )
        return withdrawal

    def _deny(self, op: Op, account: DepositAccount, withdrawal: Withdrawal, transaction_id: UUID) -> None:
        frozen = account.status is AccountStatus.FROZEN
        if frozen:
            op.unlock_account(account.id)
        self._ledger.post(op, Template.DENY_WITHDRAW, transaction_id, withdrawal)
        if frozen:
            self._ledger.set_aside(op, account.account_ids, withdrawal.amount)
            op.lock_account(account.id)

    async def _find_movable(self, op: Op, withdrawal_id: UUID) -> Withdrawal:
        withdrawal = await op.find(self.repo, withdrawal_id)
        account = await op.find(self.accounts, withdrawal.deposit_account_id)
        account.require_active()
        return withdrawal

    # --- reads of staff -------------------------------------------------------------------------------------

    async def maybe_find_withdrawal(self, ctx: Scope, withdrawal_id: UUID) -> Withdrawal | None:
        self._authz.enforce(ctx, WithdrawalAction.READ, withdrawal_id)
        return await self.repo.peek(withdrawal_id)

    async def maybe_find_withdrawal_by_public_id(self, ctx: Scope, public_id: str) -> Withdrawal | None:
        self._authz.enforce(ctx, WithdrawalAction.READ)
        target = await self._public_ids.target_of(public_id, TargetKind.WITHDRAWAL)
        return await self.repo.peek(target) if target else None

    async def find_many_withdrawals(self, ctx: Scope, ids: Sequence[UUID]) -> Mapping[UUID, Withdrawal]:
        self._authz.enforce(ctx, WithdrawalAction.READ, *ids)
        return await self.repo.peek_many(ids)

    async def find_many_withdrawals_by_cancellation(
        self, ctx: Scope, transaction_ids: Sequence[UUID]
    ) -> Mapping[UUID, Withdrawal]:
        """Withdrawals by the ledger transaction that cancelled them."""
        self._authz.enforce(ctx, WithdrawalAction.READ)
        ids = await self.repo.ids_by_cancellation(transaction_ids)
        found = await self.repo.peek_many(list(ids.values()))
        return {tx: found[withdrawal_id] for tx, withdrawal_id in ids.items() if withdrawal_id in found}

    async def list_withdrawals(
        self, ctx: Scope, page: Page, order: Order | None = None, status: WithdrawalStatus | None = None
    ) -> Found[Withdrawal]:
        self._authz.enforce(ctx, WithdrawalAction.LIST)
        return await self.repo.list(page, order, {"status": status})

    async def find_many_withdrawals_by_account(
        self, ctx: Scope, account_ids: Sequence[UUID]
    ) -> Mapping[UUID, Sequence[Withdrawal]]:
        """Each account's, newest first, up to the bound of lists without pages."""
        self._authz.enforce(ctx, WithdrawalAction.LIST)
        return await self.repo.of_parents(account_ids)
