"""What deposits and withdrawals refuse, each leaving no trace of half an effect."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from uuid import uuid4

import msgspec
import pytest

from lana.core.customer import CustomerNotEligibleForProduct, CustomerType
from lana.core.deposit import (
    AccountStatus,
    DepositAccount,
    DepositAccountAlreadyExists,
    DepositAccountClosed,
    DepositAccountFrozen,
    Withdrawal,
)
from lana.core.deposit.account.errors import (
    BalanceIsNotZero,
    CannotUpdateClosedAccount,
    CannotUpdateFrozenAccount,
    CustomerTypeWithoutAccountSet,
)
from lana.core.deposit.deposit.errors import DepositAmountZero
from lana.core.deposit.errors import AmountNegative, ReferenceTooLong
from lana.core.deposit.withdrawal.errors import NotApproved, WithdrawalAmountZero
from lana.lib.authz import Ctx
from lana.lib.errors import (
    ConstraintViolation,
    IdempotencyKeyReused,
    NotAuthorized,
    NotFound,
    Refusal,
    StoredRefusal,
)
from lana.lib.money import MOST_CENTS, AmountTooLarge, bounds
from tests.support.branch import Branch
from tests.support.staff import acting

AMOUNTS: list[tuple[int, type[Refusal], type[Refusal]]] = [
    (0, DepositAmountZero, WithdrawalAmountZero),
    (-1, AmountNegative, AmountNegative),
    (MOST_CENTS + 1, AmountTooLarge, AmountTooLarge),
    (2**63, AmountTooLarge, AmountTooLarge),
]


@pytest.mark.parametrize(("cents", "of_deposit", "of_withdrawal"), AMOUNTS)
async def test_an_amount_that_is_none_is_refused(
    bank: Branch, cents: int, of_deposit: type[Refusal], of_withdrawal: type[Refusal]
) -> None:
    account = await bank.account(cents=100)
    with pytest.raises(of_deposit):
        await bank.record(account.id, cents)
    with pytest.raises(of_withdrawal):
        await bank.initiate(account.id, cents)
    assert await bank.balance(account) == (100, 0, 0)


async def test_a_balance_never_passes_64_bits(bank: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after ten thousand of the largest deposits."""
    monkeypatch.setattr(bounds, "MOST_CENTS", 2**63 - 1)
    account = await bank.account(cents=2**63 - 1)
    with pytest.raises(Refusal) as refused:
        await bank.record(account.id, 1)
    assert refused.value.code == "BALANCE_OVERFLOW"
    assert await bank.balance(account) == (2**63 - 1, 0, 0)


async def test_unknown_ids_and_a_customers_id_are_not_found(bank: Branch) -> None:
    holder = await bank.customer()
    account = await bank.account(holder)
    for wrong in (uuid4(), holder.id):
        for attempt in (
            bank.record(wrong, 1),
            bank.initiate(wrong, 1),
            bank.freeze(wrong),
            bank.close(wrong),
        ):
            with pytest.raises(NotFound, match="DepositAccountFindError"):
                await attempt
    with pytest.raises(NotFound, match="CustomerFindError"):
        await bank.commands.run(bank.root, bank.accounts.create_account, account.id)
    with pytest.raises(NotFound, match="WithdrawalFindError"):
        await bank.confirm(uuid4())
    with pytest.raises(NotFound, match="DepositFindError"):
        await bank.commands.run(bank.root, bank.deposits.revert_deposit, uuid4())


async def test_a_customer_has_one_account_for_ever_even_after_closing(bank: Branch) -> None:
    holder = await bank.customer()
    account = await bank.account(holder)
    for _ in range(2):
        with pytest.raises(DepositAccountAlreadyExists, match=r"external_id '.*' already exists"):
            await bank.account(holder)
        await bank.close(account.id)


async def test_no_account_for_a_type_without_a_place_in_the_chart(bank: Branch) -> None:
    holder = await bank.customer(CustomerType.FOREIGN_AGENCY_OR_SUBSIDIARY)
    with pytest.raises(CustomerTypeWithoutAccountSet):
        await bank.account(holder)


@pytest.mark.parametrize(
    "customer_type", [t for t in CustomerType if t is not CustomerType.FOREIGN_AGENCY_OR_SUBSIDIARY]
)
async def test_every_other_type_has_an_account(bank: Branch, customer_type: CustomerType) -> None:
    account = await bank.account(await bank.customer(customer_type), cents=5)
    assert await bank.balance(account) == (5, 0, 0)


async def test_no_account_for_a_customer_who_is_not_active(bank: Branch) -> None:
    frozen, closed = await bank.customer(), await bank.customer()
    await bank.commands.run(bank.root, bank.customers.freeze_customer, frozen.id)
    await bank.commands.run(bank.root, bank.customers.close_customer, closed.id)
    for holder in (frozen, closed):
        with pytest.raises(CustomerNotEligibleForProduct):
            await bank.account(holder)


Attempt = Callable[[Branch, DepositAccount, Withdrawal], Awaitable[object]]
MOVES: list[Attempt] = [
    lambda bank, account, _: bank.record(account.id, 1),
    lambda bank, account, _: bank.initiate(account.id, 1),
    lambda bank, _, withdrawal: bank.confirm(withdrawal.id),
    lambda bank, _, withdrawal: bank.cancel(withdrawal.id),
    lambda bank, _, withdrawal: bank.revert(withdrawal.id),
]


@pytest.mark.parametrize("move", MOVES)
async def test_nothing_moves_on_a_frozen_account(bank: Branch, move: Attempt) -> None:
    account = await bank.account(cents=100)
    withdrawal = await bank.approved(account.id, 40)
    await bank.freeze(account.id)
    with pytest.raises(DepositAccountFrozen):
        await move(bank, account, withdrawal)
    assert await bank.balance(account) == (0, 40, 60)


@pytest.mark.parametrize("move", MOVES)
async def test_nothing_moves_on_a_closed_account(bank: Branch, move: Attempt) -> None:
    account = await bank.account(cents=40)
    withdrawal = await bank.approved(account.id, 40)
    await bank.confirm(withdrawal.id)
    await bank.close(account.id)
    with pytest.raises(DepositAccountClosed):
        await move(bank, account, withdrawal)
    assert await bank.balance(account) == (0, 0, 0)


async def test_an_account_with_money_left_is_not_closed(bank: Branch) -> None:
    account = await bank.account(cents=40)
    with pytest.raises(BalanceIsNotZero):
        await bank.close(account.id)
    withdrawal = await bank.approved(account.id, 40)
    with pytest.raises(BalanceIsNotZero):
        await bank.close(account.id)
    await bank.confirm(withdrawal.id)
    assert (await bank.close(account.id)).status is AccountStatus.CLOSED
    assert (await bank.close(account.id)).status is AccountStatus.CLOSED
    with pytest.raises(CannotUpdateClosedAccount):
        await bank.freeze(account.id)


async def test_a_frozen_account_is_not_closed_though_its_frozen_money_is_not_counted(bank: Branch) -> None:
    account = await bank.account(cents=40)
    await bank.freeze(account.id)
    with pytest.raises(CannotUpdateFrozenAccount):
        await bank.close(account.id)


async def test_a_reference_serves_one_deposit_and_one_withdrawal(bank: Branch) -> None:
    account = await bank.account(cents=100)
    assert (await bank.record(account.id, 5, "wire 7")).reference == "wire 7"
    assert (await bank.initiate(account.id, 5, "wire 7")).reference == "wire 7"
    for attempt in (bank.record(account.id, 5, "wire 7"), bank.initiate(account.id, 5, "wire 7")):
        with pytest.raises(ConstraintViolation, match=r"Some\(Reference\), Some\(\"wire 7\"\)"):
            await attempt
    assert (await bank.record(account.id, 5, "WIRE 7")).reference == "WIRE 7"
    assert await bank.balance(account) == (105, 5, 0)


async def test_an_id_that_serves_as_reference_is_taken(bank: Branch) -> None:
    account = await bank.account()
    first = await bank.record(account.id, 5)
    assert first.reference == str(first.id)
    with pytest.raises(ConstraintViolation):
        await bank.record(account.id, 5, str(first.id))


async def test_a_reference_has_a_bound(bank: Branch) -> None:
    account = await bank.account()
    await bank.record(account.id, 5, "é" * 255)
    with pytest.raises(ReferenceTooLong):
        await bank.record(account.id, 5, "x" * 256)


async def test_a_deposit_whose_funds_are_gone_is_not_reverted(bank: Branch) -> None:
    account = await bank.account()
    deposit = await bank.record(account.id, 100)
    await bank.initiate(account.id, 1)
    with pytest.raises(Refusal, match="Velocity limit exceeded"):
        await bank.commands.run(bank.root, bank.deposits.revert_deposit, deposit.id)
    assert await bank.balance(account) == (99, 1, 0)


async def test_cancelling_closes_the_approval_process_and_a_late_vote_changes_nothing(bank: Branch) -> None:
    ann = await bank.hire("ann@bank.example")
    await bank.ruled_by_committee([ann])
    account = await bank.account(cents=100)
    withdrawal = await bank.initiate(account.id, 60)
    await bank.cancel(withdrawal.id)
    process = await bank.governance.processes.peek(withdrawal.id)
    assert process is not None
    assert not process.in_progress
    with pytest.raises(Refusal) as refused:
        await bank.deny(ann, withdrawal)
    assert refused.value.code == "ALREADY_CONCLUDED"
    await bank.settle()
    assert await bank.balance(account) == (100, 0, 0)
    with pytest.raises(NotApproved):
        await bank.confirm(withdrawal.id)


async def test_fifty_withdrawals_at_once_exactly_those_that_fit_succeed(bank: Branch) -> None:
    account = await bank.account(cents=1_000)
    outcomes = await asyncio.gather(
        *(bank.initiate(account.id, 70) for _ in range(50)), return_exceptions=True
    )
    done = [o for o in outcomes if isinstance(o, Withdrawal)]
    refused = [o for o in outcomes if isinstance(o, Refusal)]
    assert (len(done), len(refused)) == (14, 36)
    assert {r.code for r in refused} == {"VELOCITY_LIMIT_EXCEEDED"}
    assert await bank.balance(account) == (20, 980, 0)
    stored = await bank.withdrawals.repo.all_by("deposit_account_id", account.id)
    assert {w.id for w in stored} == {w.id for w in done}


async def test_what_is_deposited_while_an_account_is_frozen_or_closed_is_never_left_behind(
    bank: Branch,
) -> None:
    """Freezing and closing rest on a balance that deposits change at the same moment."""
    for lock in (bank.freeze, bank.close):
        account = await bank.account()
        outcomes = await asyncio.gather(
            *(bank.record(account.id, 1) for _ in range(10)),
            lock(account.id),
            *(bank.record(account.id, 1) for _ in range(10)),
            return_exceptions=True,
        )
        assert all(not isinstance(o, BaseException) or isinstance(o, Refusal) for o in outcomes)
        status, balance = await bank.status_of(account.id), await bank.balance(account)
        if status is AccountStatus.ACTIVE:
            assert balance[0] == 20
        else:
            assert balance[0] == 0, "money was left on an account that is shut"


async def test_an_idempotency_key_answers_the_first_outcome(bank: Branch) -> None:
    account = await bank.account()

    def request() -> Ctx:
        return msgspec.structs.replace(acting(bank.root.subject.id), idempotency_key="key-1")

    verb = bank.deposits.record_deposit
    first = await bank.commands.run(request(), verb, account.id, 100, "wire 1")
    again = await bank.commands.run(request(), verb, account.id, 100, "wire 1")
    assert again.id == first.id
    with pytest.raises(IdempotencyKeyReused):
        await bank.commands.run(request(), verb, account.id, 200, "wire 1")
    assert await bank.balance(account) == (100, 0, 0)


async def test_an_idempotency_key_answers_a_refusal_again(bank: Branch) -> None:
    account = await bank.account()
    ctx = msgspec.structs.replace(acting(bank.root.subject.id), idempotency_key="key-2")
    verb = bank.withdrawals.initiate_withdrawal
    with pytest.raises(Refusal, match="Velocity limit exceeded"):
        await bank.commands.run(ctx, verb, account.id, 100, None)
    await bank.record(account.id, 100)
    with pytest.raises(StoredRefusal, match="Velocity limit exceeded"):
        await bank.commands.run(ctx, verb, account.id, 100, None)


async def test_without_permission_nothing_is_told_apart(bank: Branch) -> None:
    clerk = acting(await bank.hire("clerk@bank.example", role="accountant"))
    account = await bank.account(cents=100)
    for account_id in (account.id, uuid4()):
        with pytest.raises(NotAuthorized):
            await bank.commands.run(clerk, bank.deposits.record_deposit, account_id, 1, None)
        with pytest.raises(NotAuthorized):
            await bank.commands.run(clerk, bank.accounts.freeze_account, account_id)
        with pytest.raises(NotAuthorized):
            await bank.commands.run(clerk, bank.withdrawals.confirm_withdrawal, account_id)
    refused = await bank.audited(subject=str(clerk.subject))
    assert len(refused) == 6
    assert not any(entry.authorized for entry in refused)
