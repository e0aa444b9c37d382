"""Interest and obligations at the ends of days: once for each day, however often a run is broken off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from uuid import UUID

import pytest

from lana.app import App
from lana.core.credit import Facility, FacilityStatus
from lana.core.credit.end_of_day import pages
from lana.core.credit.interest import Interest
from lana.core.terms import Interval
from lana.lib import parts
from lana.lib.authz import Ctx
from lana.lib.closing import Closing, PageDone
from lana.lib.es.op import Op
from lana.processes.end_of_day import EndOfDayRunner, Producer, Step
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


async def set_status(lender: Lender, account_id: UUID, *, locked: bool) -> None:
    async def change(op: Op) -> None:
        (op.lock_account if locked else op.unlock_account)(account_id)

    await lender.app.commands.run(lender.ctx, change)


class Broken:
    """A step whose process dies right after the work of a page, before the run has noted it."""

    def __init__(self, step: Step, page: int = 1) -> None:
        self._step = step
        self._left = page
        self.name = step.name
        self.broken = False

    async def page(self, closing: Closing, cursor: str | None) -> PageDone:
        done = await self._step.page(closing, cursor)
        self._left -= 1
        if self._left == 0:
            self.broken = True
            raise ConnectionAbortedError("killed")
        return done


class Meanwhile:
    """A step during whose pages something else happens."""

    def __init__(self, step: Step, act: Callable[[], Awaitable[None]]) -> None:
        self._step = step
        self._act = act
        self.name = step.name

    async def page(self, closing: Closing, cursor: str | None) -> PageDone:
        await self._act()
        return await self._step.page(closing, cursor)


def runner(lender: Lender, steps: Sequence[Step]) -> EndOfDayRunner:
    app = lender.app
    return EndOfDayRunner(app.db, Producer(app.db, app.commands, app.bank_time), steps)


async def advance(lender: Lender, days: int = 1) -> None:
    """To the next closings, and nothing is run."""
    for _ in range(days):
        clock = await lender.app.commands.run(lender.ctx, lender.app.time.advance_to_next_end_of_day)
        await lender.app.time.after_advance(clock)


async def failures(lender: Lender) -> Sequence[tuple[str, str]]:
    """What the newest run went past: which step, and why."""
    (run,) = await lender.app.end_of_day.runs.latest(1)
    assert run.state == "completed"
    return [(each.step, each.error) for each in run.failures]


@pytest.mark.parametrize("which", [0, 1, 2, 3, -1])
async def test_a_run_killed_after_the_work_of_any_step_goes_on_and_does_nothing_twice(
    lender: Lender, which: int
) -> None:
    facilities = await loans(lender)
    await lender.until(date(2026, 2, 1))
    steps = list(lender.app.end_of_day.steps)
    broken = Broken(steps[which])
    steps[which] = broken
    run = runner(lender, steps)
    await advance(lender)
    assert await run.tick() == 0
    assert broken.broken
    await run.runs.nudge()
    assert await run.tick() == 1
    for each in facilities:
        balance = await lender.balance(each.id)
        assert (balance["interest_total"], balance["interest_payable"]) == (561, 561)
        assert await accrued(lender, each) == 33
    await assert_clean(lender.app)


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


@pytest.mark.parametrize("which", range(4))
async def test_a_clock_advanced_while_a_run_is_under_way_changes_nothing_in_it(
    lender: Lender, which: int
) -> None:
    (facility,) = await loans(lender, 1)
    await lender.until(date(2026, 1, 31))
    steps = list(lender.app.end_of_day.steps)
    steps[which] = Meanwhile(steps[which], lambda: advance(lender, 2))
    run = runner(lender, steps)
    await advance(lender)
    assert await run.tick() == 1
    balance = await lender.balance(facility.id)
    assert (balance["interest_total"], balance["interest_payable"]) == (561, 0)
    assert await accrued(lender, facility) == 0
    await lender.app.end_of_day.tick()
    assert (await lender.balance(facility.id))["interest_payable"] == 561
    assert await accrued(lender, facility) == 2 * 33
    await assert_clean(lender.app)


# --- what cannot be done ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "account", "day"),
    [
        ("obligation-transitions", "interest_receivable_due_account_id", date(2026, 2, 2)),
        ("interest-accruals", "interest_income_account_id", date(2026, 1, 20)),
        ("interest-postings", "facility_uncovered_outstanding_account_id", date(2026, 2, 1)),
    ],
)
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
