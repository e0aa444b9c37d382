"""Interest and obligations at the ends of days: once for each day, however often a run is broken off."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from uuid import UUID

import pytest

from lana.app import App
from lana.core.credit import Facility, FacilityStatus
from lana.core.credit.end_of_day import pages
from lana.core.credit.interest import Interest
from lana.core.terms import Interval
from lana.lib import parts
from lana.lib.authz import Ctx
from lana.lib.es.op import Op
from tests.support.ends_of_days import Broken, advance, failures, runner, set_status
from tests.support.lending import BITCOIN, Lender, terms
from tests.support.loan_life import obligations_of, told
from tests.support.proof import assert_clean, no_effect

pytestmark = pytest.mark.asyncio


@pytest.fixture
def lender(app: App, superuser: Ctx) -> Lender:
    return Lender(app, superuser)


async def loans(lender: Lender, count: int = 3) -> list[Facility]:
    await lender.price(10_000_000)
    return [await lender.active(100_000, 1_400_000) for _ in range(count)]


async def accrued(lender: Lender, facility: Facility) -> int:
    """What the runs have accrued in the open cycle; a payoff counts what they have missed as well."""
    found = await lender.facility(facility.id)
    cycle = await lender.credit.interest.repo.peek(found.cycle.id) if found.cycle else None
    return cycle.unposted if cycle else 0


async def test_a_run_beside_itself_accrues_a_day_once(lender: Lender) -> None:
    facilities = await loans(lender)
    await lender.app.end_of_day.tick()
    await advance(lender)
    await asyncio.gather(*(lender.app.end_of_day.tick() for _ in range(4)))
    for each in facilities:
        assert await accrued(lender, each) == 33
    await assert_clean(lender.app)


async def test_days_missed_are_made_up_each_in_turn(lender: Lender) -> None:
    facilities = await loans(lender, 2)
    await lender.app.end_of_day.tick()
    await advance(lender, 40)
    while await lender.app.end_of_day.tick():
        pass
    for each in facilities:
        balance = await lender.balance(each.id)
        assert (balance["interest_total"], balance["interest_payable"]) == (561, 561)
        assert await accrued(lender, each) == 23 * 33
    await assert_clean(lender.app)


async def test_one_whose_posting_the_ledger_refuses_is_listed_and_the_others_go_on(lender: Lender) -> None:
    facilities = await loans(lender, 5)
    stuck = facilities[2]
    await lender.app.end_of_day.tick()
    await set_status(lender, stuck.account_ids.interest_income_account_id, locked=True)
    await lender.end_day()
    (run,) = await lender.app.end_of_day.runs.latest(1)
    failed = {step.step: step.failed for step in run.steps}
    assert failed["interest-accruals"] == 1
    for each in facilities:
        assert await accrued(lender, each) == (0 if each.id == stuck.id else 33)
    await set_status(lender, stuck.account_ids.interest_income_account_id, locked=False)
    await lender.end_day()
    for each in facilities:
        assert await accrued(lender, each) == 66
    await assert_clean(lender.app)


async def test_monthly_accrual_posts_what_a_month_bears(lender: Lender) -> None:
    await lender.price(10_000_000)
    facility = await lender.active(1_000_000, BITCOIN, terms(fee="0", accrual=Interval.END_OF_MONTH))
    await lender.until(date(2026, 2, 1))
    # 17 days of 12 % on 1,000,000, rounded once
    assert (await lender.balance(facility.id))["interest_total"] == 5_590
    await assert_clean(lender.app)


@pytest.mark.parametrize("page", [1, 2, 3])
async def test_a_run_killed_between_any_two_pages_goes_on_and_does_nothing_twice(
    lender: Lender, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    """Seven loans in Ops of two and pages of three."""
    monkeypatch.setattr(parts, "AN_OP", 2)
    monkeypatch.setattr(pages, "PAGE", 3)
    facilities = await loans(lender, 7)
    await lender.app.end_of_day.tick()
    steps = list(lender.app.end_of_day.steps)
    steps[2] = Broken(steps[2], page)
    run = runner(lender, steps)
    await advance(lender)
    assert await run.tick() == 0
    await run.runs.nudge()
    assert await run.tick() == 1
    (last,) = await run.runs.latest(1)
    counted = {step.step: step.done for step in last.steps}["interest-accruals"]
    assert counted == 7 - (3 if page < 3 else 1), "of the page killed nobody counted"
    assert [await accrued(lender, each) for each in facilities] == [33] * 7
    await assert_clean(lender.app)


async def test_a_run_of_a_day_that_was_run_has_no_effect(lender: Lender) -> None:
    await loans(lender)
    await lender.until(date(2026, 2, 2))
    (last,) = await lender.app.end_of_day.runs.latest(1)
    async with no_effect(lender.app.db):
        for step in lender.app.end_of_day.steps:
            done = await step.page(last.closing, None)
            assert (done.cursor, done.done, list(done.failures)) == (None, 0, [])


# --- what cannot be done ------------------------------------------------------------------------------------


STEPS_THAT_FAIL = pytest.mark.parametrize(
    ("step", "account", "day"),
    [
        ("obligation-transitions", "interest_receivable_due_account_id", date(2026, 2, 2)),
        ("interest-accruals", "interest_income_account_id", date(2026, 1, 20)),
        ("interest-postings", "facility_uncovered_outstanding_account_id", date(2026, 2, 1)),
    ],
)


@STEPS_THAT_FAIL
async def test_whatever_step_the_ledger_refuses_is_listed_tried_again_and_stops_nobody(
    lender: Lender, step: str, account: str, day: date
) -> None:
    facilities = await loans(lender)
    stuck = facilities[1]
    locked: UUID = getattr(stuck.account_ids, account)
    while lender.app.bank_time.today() < day:
        if (day - lender.app.bank_time.today()).days == 1:
            await set_status(lender, locked, locked=True)
        await lender.end_day()
    ((failed, reason),) = await failures(lender)
    assert failed == step
    assert str(locked) in reason or "locked" in reason.lower()
    await lender.end_day()
    assert [each for each, _ in await failures(lender)] == [step]
    await assert_clean(lender.app)
    await set_status(lender, locked, locked=False)
    await lender.end_day()
    await lender.end_day()
    assert await failures(lender) == []
    balances = [await lender.balance(each.id) for each in facilities]
    assert balances[0] == balances[1] == balances[2]
    assert len({await accrued(lender, each) for each in facilities}) == 1
    await assert_clean(lender.app)


@STEPS_THAT_FAIL
async def test_what_a_run_went_past_is_done_the_same_day_once_it_can_be(
    lender: Lender, step: str, account: str, day: date
) -> None:
    facilities = await loans(lender)
    locked: UUID = getattr(facilities[1].account_ids, account)
    end_of_day = lender.app.end_of_day
    await lender.until(day - timedelta(days=1))
    await set_status(lender, locked, locked=True)
    await lender.end_day()
    assert [each for each, _ in await failures(lender)] == [step]
    async with no_effect(lender.app.db):
        assert await end_of_day.runs.nudge() == 1
        assert await end_of_day.tick() == 1
    assert [each for each, _ in await failures(lender)] == [step]
    await set_status(lender, locked, locked=False)
    assert await end_of_day.tick() == 0, "it waits for its next try"
    await end_of_day.runs.nudge()
    assert await end_of_day.tick() == 1
    assert await failures(lender) == []
    (run,) = await end_of_day.runs.latest(1)
    assert (run.closing.day, run.attempts, run.retry_at) == (day, 3, None)
    assert {each.step: (each.done, each.failed) for each in run.steps}[step] == (len(facilities), 0)
    balances = [await lender.balance(each.id) for each in facilities]
    assert balances[0] == balances[1] == balances[2]
    assert len({await accrued(lender, each) for each in facilities}) == 1
    async with no_effect(lender.app.db):
        assert (await end_of_day.runs.nudge(), await end_of_day.tick()) == (0, 0)
    await assert_clean(lender.app)


async def test_a_loan_months_behind_catches_up_in_one_run_cycle_by_cycle(lender: Lender) -> None:
    twin, stuck = await loans(lender, 2)
    await lender.app.end_of_day.tick()
    income = stuck.account_ids.interest_income_account_id
    await set_status(lender, income, locked=True)
    await lender.until(date(2026, 3, 31))
    assert (await lender.balance(stuck.id))["interest_total"] == 0
    await set_status(lender, income, locked=False)
    await lender.end_day()
    assert (await lender.balance(stuck.id))["interest_total"] == 561 + 924 + 1_023
    amounts = [each.amount for each in await obligations_of(lender, stuck.id) if not each.is_principal]
    assert amounts == [561, 924, 1_023]
    await lender.end_day()
    assert await lender.balance(stuck.id) == await lender.balance(twin.id)
    assert await accrued(lender, stuck) == await accrued(lender, twin) == 33
    await assert_clean(lender.app)


async def test_a_fault_of_ours_in_one_loan_is_listed_like_any_other(
    lender: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    facilities = await loans(lender)
    await lender.app.end_of_day.tick()
    whole = Interest.accrue

    def half(interest: Interest, op: Op, facility: Facility, *rest: object) -> int:
        if facility.id == facilities[2].id:
            raise ZeroDivisionError("a fault")
        return whole(interest, op, facility, *rest)  # pyright: ignore[reportArgumentType]

    with monkeypatch.context() as patched:
        patched.setattr(Interest, "accrue", half)
        await lender.end_day()
    assert await failures(lender) == [("interest-accruals", "ZeroDivisionError: a fault")]
    assert [await accrued(lender, each) for each in facilities] == [33, 33, 0]
    await lender.end_day()
    assert [await accrued(lender, each) for each in facilities] == [66, 66, 66]
    await assert_clean(lender.app)


# --- what a loan is ----------------------------------------------------------------------------------------


async def test_overdue_with_no_days_of_grace_follows_due_in_one_run(lender: Lender) -> None:
    await lender.price(10_000_000)
    facility = await lender.active(100_000, BITCOIN, terms(overdue_days=0))
    await lender.until(date(2026, 2, 2))
    assert (len(await told(lender, "ObligationDue")), len(await told(lender, "ObligationOverdue"))) == (1, 1)
    assert (await lender.balance(facility.id))["interest_payable"] == 561
    await assert_clean(lender.app)


async def test_without_days_after_which_it_is_overdue_nothing_ever_is(lender: Lender) -> None:
    await lender.price(10_000_000)
    await lender.active(100_000, BITCOIN, terms(overdue_days=None, months=1))
    await lender.until(date(2026, 4, 1))
    assert (len(await told(lender, "ObligationDue")), len(await told(lender, "ObligationOverdue"))) == (3, 0)
    await assert_clean(lender.app)


async def test_after_maturity_overdue_principal_bears_no_interest(lender: Lender) -> None:
    await lender.price(10_000_000)
    facility = await lender.active(100_000, BITCOIN, terms(months=1))
    await lender.until(date(2026, 2, 17))
    before = (await lender.balance(facility.id))["interest_total"]
    assert before == 32 * 33, "the day of activation and that of maturity accrue whole"
    await lender.until(date(2026, 4, 20))
    after = await lender.facility(facility.id)
    assert (after.status, after.cycle) == (FacilityStatus.MATURED, None)
    balance = await lender.balance(facility.id)
    assert (balance["interest_total"], balance["disbursed_payable"]) == (before, 100_000)
    await assert_clean(lender.app)


async def test_a_closed_loan_accrues_no_more(lender: Lender) -> None:
    await lender.price(10_000_000)
    closed, other = [await lender.active(100_000, BITCOIN, terms(fee="0")) for _ in range(2)]
    await lender.pay(closed.id, 100_000)
    await lender.complete(closed.id)
    await lender.until(date(2026, 2, 2))
    assert await accrued(lender, closed) == 0
    assert (await lender.balance(closed.id))["interest_total"] == 0
    assert (await lender.balance(other.id))["interest_total"] == 561
    await assert_clean(lender.app)
