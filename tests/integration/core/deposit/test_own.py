"""What a customer sees: their own, and nothing of anybody else's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest

from lana.core.deposit import DepositAccountNotFound, HistoryKind, OwnDeposits
from lana.lib.authz import Ctx
from lana.lib.errors import NotAuthorized
from lana.lib.pg.page import Page
from tests.support.branch import Branch, as_customer

Look = Callable[[OwnDeposits, Ctx, UUID], Awaitable[object]]
LOOKS: dict[str, Look] = {
    "deposit:deposit-account:read-balance": lambda own, ctx, account: own.find_balance(ctx, account),
    "deposit:deposit-account:read": lambda own, ctx, account: own.list_history(ctx, account, Page(5)),
    "deposit:deposit:list": lambda own, ctx, account: own.list_deposits(ctx, account),
    "deposit:withdrawal:list": lambda own, ctx, account: own.list_withdrawals(ctx, account),
}


async def test_a_customer_sees_their_account_and_its_movements(bank: Branch) -> None:
    holder = await bank.customer()
    account = await bank.account(holder, cents=100)
    withdrawal = await bank.initiate(account.id, 30)
    ctx = as_customer(holder)
    assert (await bank.own.find_account(ctx)).id == account.id
    balance = await bank.own.find_balance(ctx, account.id)
    assert (balance.settled, balance.pending) == (70, 30)
    history = await bank.own.list_history(ctx, account.id, Page(10))
    assert [entry.kind for entry in history.items] == [HistoryKind.WITHDRAWAL, HistoryKind.DEPOSIT]
    assert [d.amount for d in await bank.own.list_deposits(ctx, account.id)] == [100]
    assert [w.id for w in await bank.own.list_withdrawals(ctx, account.id)] == [withdrawal.id]
    assert set(await bank.own.find_many_withdrawals(ctx, [withdrawal.id])) == {withdrawal.id}
    await bank.cancel(withdrawal.id)
    cancelled = await bank.withdrawal(withdrawal.id)
    assert cancelled.cancelled_tx_id is not None
    found = await bank.own.find_many_withdrawals_by_cancellation(ctx, [cancelled.cancelled_tx_id])
    assert found[cancelled.cancelled_tx_id].id == withdrawal.id
    await bank.commands.flush(ctx)
    rows = await bank.audited(subject=str(ctx.subject))
    assert all(row.authorized for row in rows)
    assert ("deposit:deposit-account:list", "deposit/deposit-account/*") in {
        (r.action, r.object) for r in rows
    }
    assert ("deposit:deposit-account:read-balance", f"deposit/deposit-account/{account.id}") in {
        (r.action, r.object) for r in rows
    }


@pytest.mark.parametrize("action", LOOKS)
async def test_somebody_elses_account_is_answered_as_not_found_and_kept_for_the_audit(
    bank: Branch, action: str
) -> None:
    account = await bank.account(cents=100)
    stranger = as_customer(await bank.customer())
    with pytest.raises(DepositAccountNotFound):
        await LOOKS[action](bank.own, stranger, account.id)
    with pytest.raises(DepositAccountNotFound):
        await LOOKS[action](bank.own, stranger, uuid4())
    await bank.commands.flush(stranger)
    rows = await bank.audited(subject=str(stranger.subject))
    assert [(row.object, row.authorized) for row in rows] == [
        (f"deposit/deposit-account/{account.id}", False)
    ]


async def test_somebody_elses_deposit_and_withdrawal_are_not_found(bank: Branch) -> None:
    account = await bank.account()
    deposit = await bank.record(account.id, 100)
    withdrawal = await bank.initiate(account.id, 10)
    stranger = as_customer(await bank.customer())
    with pytest.raises(DepositAccountNotFound):
        await bank.own.find_many_deposits(stranger, [deposit.id])
    with pytest.raises(DepositAccountNotFound):
        await bank.own.find_many_withdrawals(stranger, [withdrawal.id])


async def test_without_an_account_there_is_none_to_see(bank: Branch) -> None:
    await bank.account()
    with pytest.raises(DepositAccountNotFound, match="CustomerError - DepositAccountNotFound"):
        await bank.own.find_account(as_customer(await bank.customer()))


async def test_staff_has_no_account_of_its_own(bank: Branch) -> None:
    with pytest.raises(NotAuthorized):
        await bank.own.find_account(bank.root)


async def test_a_customer_commands_nothing_of_staff(bank: Branch) -> None:
    holder = await bank.customer()
    account = await bank.account(holder, cents=100)
    withdrawal = await bank.approved(account.id, 10)
    ctx = as_customer(holder)
    with pytest.raises(NotAuthorized):
        await bank.commands.run(ctx, bank.deposits.record_deposit, account.id, 1, None)
    with pytest.raises(NotAuthorized):
        await bank.commands.run(ctx, bank.withdrawals.confirm_withdrawal, withdrawal.id)
    with pytest.raises(NotAuthorized):
        await bank.accounts.maybe_find_account(ctx, account.id)
