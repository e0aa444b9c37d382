"""Mutations of deposit accounts, deposits and withdrawals."""

from __future__ import annotations

from uuid import UUID

import strawberry

from lana.admin_server.common import Info
from lana.admin_server.deposit import Deposit, DepositAccount, Withdrawal
from lana.lib.graphql import UsdCents


@strawberry.input
class DepositAccountCreateInput:
    customer_id: UUID


@strawberry.type
class DepositAccountCreatePayload:
    deposit_account: DepositAccount


@strawberry.input
class DepositAccountFreezeInput:
    deposit_account_id: UUID


@strawberry.type
class DepositAccountFreezePayload:
    deposit_account: DepositAccount


@strawberry.input
class DepositAccountUnfreezeInput:
    deposit_account_id: UUID


@strawberry.type
class DepositAccountUnfreezePayload:
    deposit_account: DepositAccount


@strawberry.input
class DepositAccountCloseInput:
    deposit_account_id: UUID


@strawberry.type
class DepositAccountClosePayload:
    deposit_account: DepositAccount


@strawberry.input
class DepositRecordInput:
    deposit_account_id: UUID
    amount: UsdCents
    reference: str | None = None


@strawberry.type
class DepositRecordPayload:
    deposit: Deposit


@strawberry.input
class DepositRevertInput:
    deposit_id: UUID


@strawberry.type
class DepositRevertPayload:
    deposit: Deposit


@strawberry.input
class WithdrawalInitiateInput:
    deposit_account_id: UUID
    amount: UsdCents
    reference: str | None = None


@strawberry.type
class WithdrawalInitiatePayload:
    withdrawal: Withdrawal


@strawberry.input
class WithdrawalConfirmInput:
    withdrawal_id: UUID


@strawberry.type
class WithdrawalConfirmPayload:
    withdrawal: Withdrawal


@strawberry.input
class WithdrawalCancelInput:
    withdrawal_id: UUID


@strawberry.type
class WithdrawalCancelPayload:
    withdrawal: Withdrawal


@strawberry.input
class WithdrawalRevertInput:
    withdrawal_id: UUID


@strawberry.type
class WithdrawalRevertPayload:
    withdrawal: Withdrawal


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def deposit_account_create(
        self, info: Info, input: DepositAccountCreateInput
    ) -> DepositAccountCreatePayload:
        verb = info.context.app.deposit_accounts.create_account
        made = await info.context.command(verb, input.customer_id)
        return DepositAccountCreatePayload(deposit_account=DepositAccount.of(made))

    @strawberry.mutation
    async def deposit_account_freeze(
        self, info: Info, input: DepositAccountFreezeInput
    ) -> DepositAccountFreezePayload:
        verb = info.context.app.deposit_accounts.freeze_account
        frozen = await info.context.command(verb, input.deposit_account_id)
        return DepositAccountFreezePayload(deposit_account=DepositAccount.of(frozen))

    @strawberry.mutation
    async def deposit_account_unfreeze(
        self, info: Info, input: DepositAccountUnfreezeInput
    ) -> DepositAccountUnfreezePayload:
        verb = info.context.app.deposit_accounts.unfreeze_account
        released = await info.context.command(verb, input.deposit_account_id)
        return DepositAccountUnfreezePayload(deposit_account=DepositAccount.of(released))

    @strawberry.mutation
    async def deposit_account_close(
        self, info: Info, input: DepositAccountCloseInput
    ) -> DepositAccountClosePayload:
        verb = info.context.app.deposit_accounts.close_account
        closed = await info.context.command(verb, input.deposit_account_id)
        return DepositAccountClosePayload(deposit_account=DepositAccount.of(closed))

    @strawberry.mutation
    async def deposit_record(self, info: Info, input: DepositRecordInput) -> DepositRecordPayload:
        verb = info.context.app.deposits.record_deposit
        made = await info.context.command(verb, input.deposit_account_id, input.amount, input.reference)
        return DepositRecordPayload(deposit=Deposit.of(made))

    @strawberry.mutation
    async def deposit_revert(self, info: Info, input: DepositRevertInput) -> DepositRevertPayload:
        verb = info.context.app.deposits.revert_deposit
        reverted = await info.context.command(verb, input.deposit_id)
        return DepositRevertPayload(deposit=Deposit.of(reverted))

    @strawberry.mutation
    async def withdrawal_initiate(
        self, info: Info, input: WithdrawalInitiateInput
    ) -> WithdrawalInitiatePayload:
        verb = info.context.app.withdrawals.initiate_withdrawal
        made = await info.context.command(verb, input.deposit_account_id, input.amount, input.reference)
        return WithdrawalInitiatePayload(withdrawal=Withdrawal.of(made))

    @strawberry.mutation
    async def withdrawal_confirm(self, info: Info, input: WithdrawalConfirmInput) -> WithdrawalConfirmPayload:
        verb = info.context.app.withdrawals.confirm_withdrawal
        confirmed = await info.context.command(verb, input.withdrawal_id)
        return WithdrawalConfirmPayload(withdrawal=Withdrawal.of(confirmed))

    @strawberry.mutation
    async def withdrawal_cancel(self, info: Info, input: WithdrawalCancelInput) -> WithdrawalCancelPayload:
        verb = info.context.app.withdrawals.cancel_withdrawal
        cancelled = await info.context.command(verb, input.withdrawal_id)
        return WithdrawalCancelPayload(withdrawal=Withdrawal.of(cancelled))

    @strawberry.mutation
    async def withdrawal_revert(self, info: Info, input: WithdrawalRevertInput) -> WithdrawalRevertPayload:
        verb = info.context.app.withdrawals.revert_withdrawal
        reverted = await info.context.command(verb, input.withdrawal_id)
        return WithdrawalRevertPayload(withdrawal=Withdrawal.of(reverted))
