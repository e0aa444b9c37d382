"""Interest and obligations at the ends of days: once for each day, however often a run is broken off."""

from __future__ import annotations

import asyncio
from datetime import date
from uuid import UUID

import pytest

from lana.app import App
from lana.core.credit import Facility
from lana.core.terms import Interval
from lana.lib.authz import Ctx
from lana.lib.closing import Closing, PageDone
from lana.lib.es.op import Op
from lana.processes.end_of_day import EndOfDayRunner, Producer, Step
from tests.support.lending import BITCOIN, Lender, terms
from tests.support.proof import assert_clean

pytestmark = pytest.mark.asyncio


@pytest.fixture
def lender(app: App, superuser: Ctx) -> Lender:
    return Lender(app, superuser)


async def loans(lender: Lender, count: int = 3) -> list[Facility]:
    await lender.price(10_000_000)
    return [await lender.active(100_000, 1_400_000) for _ in range(count)]


async def accrued(lender: Lender, facility: Facility) -> int:
    found = await lender.facility(facility.id)
    return await _unposted(lender, found)


async def _unposted(lender: Lender, facility: Facility) -> int:
    return (await lender.credit.completions.payoff_of(facility)).accrued_interest


async def set_status(lender: Lender, account_id: UUID, *, locked: bool) -> None:
    async def change(op: Op) -> None:
        (op.lock_account if locked else op.unlock_account)(account_id)

    await lender.app.commands.run(lender.ctx, change)


class Broken:
    """A step whose process dies right after the work of a page, before the run has noted it."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self.name = step.name
        self.broken = False

    async def page(self, closing: Closing, cursor: str | None) -> PageDone:
        done = await self._step.page(closing, cursor)
        if not self.broken:
            self.broken = True
            raise ConnectionAbortedError("killed")
        return done


@pytest.mark.parametrize("which", range(4))
async def test_a_run_killed_after_the_work_of_any_step_goes_on_and_does_nothing_twice(
    lender: Lender, which: int
) -> None:
    facilities = await loans(lender)
    await lender.until(date(2026, 2, 1))
    steps = list(lender.credit.steps)
    broken = Broken(steps[which])
    steps[which] = broken
    producer = Producer(lender.app.db, lender.app.commands, lender.app.bank_time)
    runner = EndOfDayRunner(lender.app.db, producer, steps)
    clock = await lender.app.commands.run(lender.ctx, lender.app.time.advance_to_next_end_of_day)
    await lender.app.time.after_advance(clock)
    assert await runner.tick() == 0
    assert broken.broken
    await runner.runs.nudge()
    assert await runner.tick() == 1
    for each in facilities:
        balance = await lender.balance(each.id)
        assert (balance["interest_total"], balance["interest_payable"]) == (561, 561)
        assert await accrued(lender, each) == 33
    await assert_clean(lender.app)


async def test_a_run_beside_itself_accrues_a_day_once(lender: Lender) -> None:
    facilities = await loans(lender)
    await lender.app.end_of_day.tick()
    clock = await lender.app.commands.run(lender.ctx, lender.app.time.advance_to_next_end_of_day)
    await lender.app.time.after_advance(clock)
    await asyncio.gather(*(lender.app.end_of_day.tick() for _ in range(4)))
    for each in facilities:
        assert await accrued(lender, each) == 33
    await assert_clean(lender.app)


async def test_days_missed_are_made_up_each_in_turn(lender: Lender) -> None:
    facilities = await loans(lender, 2)
    await lender.app.end_of_day.tick()
    for _ in range(40):
        clock = await lender.app.commands.run(lender.ctx, lender.app.time.advance_to_next_end_of_day)
        await lender.app.time.after_advance(clock)
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
