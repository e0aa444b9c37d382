"""Two commands at one moment, in two processes: one wins, the other is refused by its rule."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest_asyncio

from lana.app import App, open_app
from lana.core.deposit import AccountStatus, WithdrawalStatus
from lana.core.governance import ProcessStatus
from lana.lib.authz import Ctx
from lana.lib.errors import NotAuthorized
from tests.conftest import bank_config
from tests.support.bank import make_customer
from tests.support.lending import Lender
from tests.support.proof import assert_clean, settle
from tests.support.twice import Twice, acting, race

ROUNDS = 10


@pytest_asyncio.fixture
async def bank(app: App, superuser: Ctx, bank_dsn: str) -> AsyncIterator[Twice]:
    async with open_app(bank_config(bank_dsn), start=False) as other:
        yield Twice(app, other, superuser)
    await assert_clean(app)


async def test_freeze_against_deposits_sets_aside_exactly_what_was_deposited(bank: Twice) -> None:
    for _ in range(ROUNDS):
        account = await bank.account(1_000)
        freeze = bank.other.commands.run(bank.ctx, bank.other.deposit_accounts.freeze_account, account)
        deposits = [
            bank.one.commands.run(bank.ctx, bank.one.deposits.record_deposit, account, 7) for _ in range(8)
        ]
        frozen, *deposited = await race(freeze, *deposits)
        assert frozen == "done"
        assert set(deposited) <= {"done", "DEPOSIT_ACCOUNT_FROZEN"}
        state, balance = await bank.state(account)
        assert state.status is AccountStatus.FROZEN
        assert (balance.settled, balance.frozen) == (0, 1_000 + 7 * deposited.count("done"))


async def test_unfreeze_against_deposits_gives_back_all_that_was_set_aside(bank: Twice) -> None:
    for _ in range(ROUNDS):
        account = await bank.account(1_000)
        await bank.one.commands.run(bank.ctx, bank.one.deposit_accounts.freeze_account, account)
        unfreeze = bank.other.commands.run(bank.ctx, bank.other.deposit_accounts.unfreeze_account, account)
        deposits = [
            bank.one.commands.run(bank.ctx, bank.one.deposits.record_deposit, account, 7) for _ in range(8)
        ]
        unfrozen, *deposited = await race(unfreeze, *deposits)
        assert unfrozen == "done"
        assert set(deposited) <= {"done", "DEPOSIT_ACCOUNT_FROZEN"}
        _, balance = await bank.state(account)
        assert (balance.settled, balance.frozen) == (1_000 + 7 * deposited.count("done"), 0)


async def test_close_against_deposit_never_closes_over_money(bank: Twice) -> None:
    for _ in range(ROUNDS):
        account = await bank.account()
        closed, deposited = await race(
            bank.one.commands.run(bank.ctx, bank.one.deposit_accounts.close_account, account),
            bank.other.commands.run(bank.ctx, bank.other.deposits.record_deposit, account, 7),
        )
        assert (closed, deposited) in {("done", "DEPOSIT_ACCOUNT_CLOSED"), ("BALANCE_IS_NOT_ZERO", "done")}
        state, balance = await bank.state(account)
        assert (state.status is AccountStatus.CLOSED) == (closed == "done")
        assert balance.settled == (7 if deposited == "done" else 0)


async def test_close_against_a_proposal_never_leaves_a_loan_without_its_account(bank: Twice) -> None:
    custodian = await Lender(bank.one, bank.ctx).custodian()
    lender = Lender(bank.other, bank.ctx, custodian)
    for _ in range(ROUNDS):
        account, _ = await bank.state(await bank.account())
        outcomes = await race(
            bank.one.commands.run(bank.ctx, bank.one.deposit_accounts.close_account, account.id),
            lender.propose(100_000, account=account),
        )
        account, _ = await bank.state(account.id)
        assert (outcomes, account.is_closed) in [
            (["done", "CAN_NOT_CREATE_PROPOSAL_FOR_CLOSED_OR_FROZEN_ACCOUNT"], True),
            (["DEPOSIT_ACCOUNT_CLOSE_PRECONDITION_FAILED", "done"], False),
        ]


async def test_withdrawals_from_two_processes_never_take_more_than_there_is(bank: Twice) -> None:
    account = await bank.account(1_000)
    outcomes = await race(
        *(
            app.commands.run(bank.ctx, app.withdrawals.initiate_withdrawal, account, 100)
            for app in (bank.one, bank.other)
            for _ in range(25)
        )
    )
    assert outcomes.count("done") == 10
    assert outcomes.count("VELOCITY_LIMIT_EXCEEDED") == 40
    _, balance = await bank.state(account)
    assert (balance.settled, balance.pending) == (0, 1_000)


async def test_two_confirms_pay_out_once(bank: Twice) -> None:
    for _ in range(ROUNDS):
        withdrawal = await bank.approved()
        before = await bank.posted("CONFIRM_WITHDRAW")
        outcomes = await race(
            *(
                app.commands.run(bank.ctx, app.withdrawals.confirm_withdrawal, withdrawal.id)
                for app in (bank.one, bank.other)
                for _ in range(2)
            )
        )
        assert outcomes == ["done"] * 4
        assert await bank.posted("CONFIRM_WITHDRAW") == before + 1


async def test_confirm_against_cancel_one_wins_the_other_is_told(bank: Twice) -> None:
    for _ in range(ROUNDS):
        withdrawal = await bank.approved()
        outcomes = await race(
            bank.one.commands.run(bank.ctx, bank.one.withdrawals.confirm_withdrawal, withdrawal.id),
            bank.other.commands.run(bank.ctx, bank.other.withdrawals.cancel_withdrawal, withdrawal.id),
        )
        status = (await bank.withdrawal(withdrawal.id)).status
        _, balance = await bank.state(withdrawal.deposit_account_id)
        assert (outcomes, status, balance.settled, balance.pending) in [
            (["done", "ALREADY_CONFIRMED"], WithdrawalStatus.CONFIRMED, 0, 0),
            (["ALREADY_CANCELLED", "done"], WithdrawalStatus.CANCELLED, 100, 0),
        ]


async def test_cancel_against_approval_releases_once(bank: Twice) -> None:
    """The processor concludes what staff cancels at the same moment."""
    for _ in range(ROUNDS):
        withdrawal = await bank.initiated()
        outcomes = await race(
            settle(bank.one),
            bank.other.commands.run(bank.ctx, bank.other.withdrawals.cancel_withdrawal, withdrawal.id),
        )
        assert outcomes == ["done", "done"]
        assert (await bank.withdrawal(withdrawal.id)).status is WithdrawalStatus.CANCELLED
        _, balance = await bank.state(withdrawal.deposit_account_id)
        assert (balance.settled, balance.pending) == (100, 0)


async def concluded(bank: Twice, process: object) -> list[str]:
    rows = await bank.one.db.fetch(
        "select payload->'entity'->>'status' from outbox"
        " where type = 'ApprovalProcessConcluded' and payload->'entity'->>'id' = %b::text",
        [str(process)],
    )
    return [row[0] for row in rows]


async def test_votes_of_all_members_at_once_conclude_once(bank: Twice) -> None:
    members = [await bank.hire() for _ in range(6)]
    await bank.ruled_by(members)
    for _ in range(ROUNDS):
        process = (await bank.initiated()).approval_process_id
        apps = (bank.one, bank.other)
        votes = await race(
            *(
                apps[n % 2].commands.run(acting(member), apps[n % 2].governance.approve, process)
                for n, member in enumerate(members)
            )
        )
        assert votes == ["done"] * 6
        assert await concluded(bank, process) == ["Approved"]
    await settle(bank.one)
    statuses = await bank.one.db.fetch("select distinct status from withdrawals")
    assert statuses == [(WithdrawalStatus.PENDING_CONFIRMATION,)]


async def test_the_last_voter_approving_and_denying_at_once_decides_one_way(bank: Twice) -> None:
    one, two = [await bank.hire() for _ in range(2)]
    await bank.ruled_by([one, two])
    for _ in range(ROUNDS):
        process = (await bank.initiated()).approval_process_id
        await bank.one.commands.run(acting(one), bank.one.governance.approve, process)
        outcomes = await race(
            bank.one.commands.run(acting(two), bank.one.governance.approve, process),
            bank.other.commands.run(acting(two), bank.other.governance.deny, process, "on second thought"),
        )
        found = await bank.one.governance.processes.peek(process)
        assert found is not None
        assert (outcomes, found.status) in [
            (["done", "ALREADY_CONCLUDED"], ProcessStatus.APPROVED),
            (["ALREADY_CONCLUDED", "done"], ProcessStatus.DENIED),
        ]
        assert len(found.votes) == 2
        assert len(await concluded(bank, process)) == 1


async def test_a_vote_against_its_voters_removal_counts_only_if_it_came_first(bank: Twice) -> None:
    leaver, stayer = [await bank.hire() for _ in range(2)]
    for _ in range(ROUNDS):
        await bank.ruled_by([leaver, stayer])
        process = (await bank.initiated()).approval_process_id
        found = await bank.one.governance.processes.peek(process)
        assert found is not None
        assert found.committee_id is not None
        remove = bank.other.governance.remove_member
        outcomes = await race(
            bank.one.commands.run(acting(leaver), bank.one.governance.approve, process),
            bank.other.commands.run(bank.ctx, remove, found.committee_id, leaver.id),
        )
        assert outcomes == ["done", "done"]
        # audit ids are drawn under the locks of the entities, so they tell who came first
        (order,) = await bank.one.db.fetch(
            "select (select audit_entry_id from events"
            "          where entity_id = %b::uuid and event_type = 'approved'),"
            " (select max(audit_entry_id) from events where entity_id = %b::uuid)",
            [process, found.committee_id],
        )
        assert order[0] is None or order[0] < order[1]


async def test_two_accounts_for_one_customer_at_once_are_one(bank: Twice) -> None:
    customer = await make_customer(bank.one, bank.ctx)
    outcomes = await race(
        *(
            app.commands.run(bank.ctx, app.deposit_accounts.create_account, customer.id)
            for app in (bank.one, bank.other)
            for _ in range(4)
        )
    )
    assert sorted(outcomes) == ["DEPOSIT_ACCOUNT_ALREADY_EXISTS"] * 7 + ["done"]


async def test_one_reference_at_once_is_used_once(bank: Twice) -> None:
    account = await bank.account()
    reference = uuid4().hex
    outcomes = await race(
        *(
            app.commands.run(bank.ctx, app.deposits.record_deposit, account, 7, reference)
            for app in (bank.one, bank.other)
            for _ in range(10)
        )
    )
    assert sorted(outcomes) == ["CONSTRAINT_VIOLATION"] * 19 + ["done"]
    assert (await bank.state(account))[1].settled == 7


async def test_role_change_against_commands_ends_them_and_leaves_no_doubt_who_was_allowed(
    bank: Twice,
) -> None:
    user = await bank.hire("bank-manager")
    accounts = [await bank.account() for _ in range(4)]
    stop = asyncio.Event()
    refused_at: list[int] = []

    async def work(app: App, n: int) -> int:
        done = 0
        while not stop.is_set():
            try:
                await app.commands.run(acting(user), app.deposits.record_deposit, accounts[n], 1)
                done += 1
            except NotAuthorized:
                refused_at.append(n)
                return done
        return done

    workers = [asyncio.create_task(work(app, n)) for n, app in enumerate((bank.one, bank.other) * 2)]
    async with bank.one.grants, bank.other.grants:
        await bank.one.commands.run(bank.ctx, bank.one.access.deactivate_user, user.id)
        async with asyncio.timeout(3):
            done = sum(await asyncio.gather(*workers))
        stop.set()
    assert sorted(refused_at) == [0, 1, 2, 3]
    attempts = await bank.one.db.fetch(
        "select authorized, count(*)::int8 from audit_entries where subject = %b::text group by 1 order by 1",
        [str(acting(user).subject)],
    )
    assert attempts == [(False, 4), (True, done)]
    balances = [(await bank.state(account))[1].settled for account in accounts]
    assert sum(balances) == done
