"""Ends of days: published once each, run in order, resumed after a crash, seen by the operator."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from lana.core.time import BankTime, EndOfDay
from lana.lib.clock import FixedClock
from lana.lib.es.commands import Commands
from lana.lib.es.committer import Committer
from lana.lib.outbox.tail import read_after
from lana.lib.pg.database import Database
from lana.processes.end_of_day import Closing, EndOfDayRunner, ItemFailure, PageDone, Producer, Run
from lana.processes.end_of_day.runner import DuplicateStep
from lana.processes.end_of_day.runs import MAX_RETRIES
from tests.support.configured import Configured
from tests.support.waiting import eventually

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)


class Crash(BaseException):
    """The process dies here."""


class Recorder:
    """A step of three pages that remembers what it was asked for."""

    def __init__(self, name: str, journal: list[tuple[str, date, str | None]]) -> None:
        self.name = name
        self.journal = journal
        self.trouble: dict[str | None, BaseException] = {}
        self.is_past_something = True

    async def page(self, closing: Closing, cursor: str | None) -> PageDone:
        self.journal.append((self.name, closing.day, cursor))
        if cursor in self.trouble:
            raise self.trouble.pop(cursor)
        following = {None: "a", "a": "b", "b": None}[cursor]
        failures = [ItemFailure("facility 7", "no price")] if cursor == "b" and self.is_past_something else []
        return PageDone(following, done=10, failures=failures)


class Bank:
    def __init__(self, db: Database, committer: Committer) -> None:
        self.db = db
        self.clock = FixedClock(NOON)
        self.journal: list[tuple[str, date, str | None]] = []
        self.steps = [Recorder("transitions", self.journal), Recorder("accruals", self.journal)]
        bank_time = BankTime(self.clock, Configured(db).settings)
        self.producer = Producer(db, Commands(db, committer, bank_time), bank_time)
        self.runner = EndOfDayRunner(db, self.producer, self.steps)

    async def published(self) -> list[date]:
        events = [delivered.event for delivered in await read_after(self.db, 0)]
        return [event.day for event in events if isinstance(event, EndOfDay)]

    async def retry_now(self) -> None:
        await self.runner.runs.nudge()


@pytest.fixture
def bank(db: Database, committer: Committer) -> Bank:
    return Bank(db, committer)


async def test_first_run_only_remembers_the_latest_closed_day(bank: Bank) -> None:
    assert await bank.runner.tick() == 0
    assert await bank.published() == []
    assert await bank.producer.last_published_day() == date(2026, 1, 15)


async def test_day_is_published_at_its_closing_and_once(bank: Bank) -> None:
    await bank.runner.tick()
    bank.clock.advance(timedelta(hours=12) - timedelta(microseconds=1))
    assert await bank.runner.tick() == 0
    bank.clock.advance(timedelta(microseconds=1))
    assert await bank.runner.tick() == 1
    assert await bank.runner.tick() == 0
    assert await bank.published() == [date(2026, 1, 16)]


async def test_missed_days_are_run_one_after_another_each_step_before_the_next(bank: Bank) -> None:
    await bank.runner.tick()
    bank.clock.advance(3 * DAY)
    assert await bank.runner.tick() == 3
    days = [date(2026, 1, 16), date(2026, 1, 17), date(2026, 1, 18)]
    assert await bank.published() == days
    pages = [None, "a", "b"]
    assert bank.journal == [
        (step, day, cursor) for day in days for step in ("transitions", "accruals") for cursor in pages
    ]


async def test_long_absence_is_caught_up_in_bounded_portions(bank: Bank) -> None:
    await bank.runner.tick()
    bank.clock.advance(40 * DAY)
    assert await bank.runner.tick() == 31
    assert await bank.runner.tick() == 9
    assert len(await bank.published()) == 40


async def test_failed_step_stops_its_day_and_later_days_and_goes_on_where_it_stood(bank: Bank) -> None:
    await bank.runner.tick()
    bank.clock.advance(2 * DAY)
    bank.steps[0].trouble["a"] = RuntimeError("no connection\0")
    assert await bank.runner.tick() == 0
    _, failed = await bank.runner.runs.latest(10)
    assert (failed.state, failed.error) == ("failed", "transitions: RuntimeError: no connection")
    assert failed.retry_at is not None
    assert bank.journal == [("transitions", date(2026, 1, 16), cursor) for cursor in (None, "a")]
    assert await bank.runner.tick() == 0, "it waits for its next try"
    await bank.retry_now()
    assert await bank.runner.tick() == 2
    assert bank.journal[2:4] == [("transitions", date(2026, 1, 16), cursor) for cursor in ("a", "b")]


async def test_process_that_dies_in_a_run_loses_at_most_the_page_at_hand(bank: Bank) -> None:
    await bank.runner.tick()
    bank.clock.advance(DAY)
    bank.steps[1].trouble["b"] = Crash()
    with pytest.raises(Crash):
        await bank.runner.tick()
    (run,) = await bank.runner.runs.latest(10)
    assert (run.state, [step.state for step in run.steps]) == ("running", ["completed", "running"])
    bank.journal.clear()
    assert await bank.runner.tick() == 1
    assert bank.journal == [("accruals", date(2026, 1, 16), "b")]


async def test_run_shows_its_progress_and_what_it_went_past(bank: Bank) -> None:
    await bank.runner.tick()
    bank.clock.advance(DAY)
    await bank.runner.tick()
    (run,) = await bank.runner.runs.latest(10)
    assert (run.state, run.attempts, run.closing.instant) == ("completed", 1, NOON + timedelta(hours=12))
    assert [(step.step, step.done, step.failed) for step in run.steps] == [
        ("transitions", 30, 1),
        ("accruals", 30, 1),
    ]
    failures = await bank.db.fetch("select step, item, error from end_of_day_failures order by step")
    assert failures == [("accruals", "facility 7", "no price"), ("transitions", "facility 7", "no price")]


# --- what a run went past ----------------------------------------------------------------------------------


async def newest(bank: Bank) -> tuple[Run, list[str]]:
    """The newest run, and the steps that went past something."""
    (run,) = await bank.runner.runs.latest(1)
    return run, [each.step for each in run.failures]


async def ended(bank: Bank, days: int = 1) -> None:
    await bank.runner.tick()
    bank.clock.advance(days * DAY)
    assert await bank.runner.tick() == days
    bank.journal.clear()


async def test_what_the_newest_run_went_past_is_tried_again_when_asked_for(bank: Bank) -> None:
    await ended(bank)
    bank.steps[0].is_past_something = False
    assert await bank.runner.tick() == 0, "it waits for its next try"
    assert await bank.runner.runs.nudge() == 1
    assert await bank.runner.tick() == 1
    run, past = await newest(bank)
    assert (run.state, run.attempts, past) == ("completed", 2, ["accruals"])
    assert [(step.step, step.state, step.failed) for step in run.steps] == [
        ("transitions", "completed", 0),
        ("accruals", "completed", 1),
    ]
    bank.journal.clear()
    bank.steps[1].is_past_something = False
    await bank.retry_now()
    assert await bank.runner.tick() == 1
    assert [step for step, _, _ in bank.journal] == ["accruals"] * 3, (
        "from the first step that left something"
    )
    run, past = await newest(bank)
    assert (run.attempts, run.retry_at, past) == (3, None, [])
    assert (await bank.runner.runs.nudge(), await bank.runner.tick()) == (0, 0)


async def test_it_is_tried_again_by_itself_at_growing_distances_and_not_for_ever(bank: Bank) -> None:
    await ended(bank)
    for number in range(MAX_RETRIES):
        run, past = await newest(bank)
        assert run.retry_at is not None
        assert run.completed_at is not None
        assert round((run.retry_at - run.completed_at) / timedelta(minutes=10)) == 2**number
        assert past == ["accruals", "transitions"]
        await bank.db.fetch("update end_of_day_runs set retry_at = clock_timestamp()")
        assert await bank.runner.tick() == 1
    run, past = await newest(bank)
    assert (run.state, run.attempts, run.retry_at) == ("completed", MAX_RETRIES + 1, None)
    assert past == ["accruals", "transitions"]
    assert await bank.runner.tick() == 0
    await bank.retry_now()
    assert await bank.runner.tick() == 1, "somebody may ask for one more"


async def test_of_several_runs_the_newest_alone_is_tried_again(bank: Bank) -> None:
    await ended(bank, 3)
    await bank.db.fetch("update end_of_day_runs set retry_at = clock_timestamp()")
    assert await bank.runner.tick() == 1
    assert {day for _, day, _ in bank.journal} == {date(2026, 1, 18)}


async def test_what_is_tried_again_stays_listed_until_its_step_has_gone_through(bank: Bank) -> None:
    await ended(bank)
    bank.steps[0].is_past_something = False
    bank.steps[0].trouble["b"] = Crash()
    await bank.retry_now()
    with pytest.raises(Crash):
        await bank.runner.tick()
    run, past = await newest(bank)
    assert (run.state, past) == ("running", ["accruals", "transitions"])
    bank.journal.clear()
    assert await bank.runner.tick() == 1
    assert bank.journal[0] == ("transitions", date(2026, 1, 16), "b")
    assert (await newest(bank))[1] == ["accruals"]


async def test_tried_again_and_stopped_by_an_error_it_is_a_failed_run_like_any_other(bank: Bank) -> None:
    await ended(bank)
    bank.steps[1].trouble[None] = RuntimeError("no connection")
    await bank.retry_now()
    assert await bank.runner.tick() == 0
    run, past = await newest(bank)
    assert (run.state, run.error) == ("failed", "accruals: RuntimeError: no connection")
    assert past == ["accruals", "transitions"]
    await bank.retry_now()
    assert await bank.runner.tick() == 1


# --- who runs them -----------------------------------------------------------------------------------------


async def test_day_published_by_another_process_is_not_published_again(bank: Bank) -> None:
    await bank.runner.tick()
    bank.clock.advance(DAY)
    await bank.producer.produce()
    await bank.db.fetch("update end_of_day_checkpoint set last_published_day = '2026-01-15'")
    await bank.producer.produce()
    assert await bank.published() == [date(2026, 1, 16)]
    assert await bank.producer.last_published_day() == date(2026, 1, 16)


async def test_one_process_leads_and_another_takes_over_when_it_is_gone(
    db: Database, committer: Committer
) -> None:
    first, second = Bank(db, committer), Bank(db, committer)
    leading = asyncio.create_task(first.runner.run())
    await eventually(lambda: _remembered(first))
    async with second.runner.leading() as leader:
        assert leader is None
    following = asyncio.create_task(second.runner.run())
    leading.cancel()
    await asyncio.gather(leading, return_exceptions=True)
    second.clock.advance(DAY)
    await eventually(lambda: _completed(second), 10)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert first.journal == []
    assert len(second.journal) == 6


async def _remembered(bank: Bank) -> bool:
    return await bank.producer.last_published_day() is not None


async def _completed(bank: Bank) -> bool:
    runs = await bank.runner.runs.latest(1)
    return bool(runs) and runs[0].state == "completed"


async def test_step_that_does_not_move_on_is_a_failure_not_a_loop(bank: Bank) -> None:
    class Stuck:
        name = "stuck"

        async def page(self, closing: Closing, cursor: str | None) -> PageDone:
            return PageDone("same")

    runner = EndOfDayRunner(bank.db, bank.producer, [Stuck()])
    await runner.tick()
    bank.clock.advance(DAY)
    await runner.tick()
    (run,) = await runner.runs.latest(1)
    assert run.error == "stuck: RuntimeError: step stuck does not move on from 'same'"


def test_two_steps_of_one_name_are_a_fault_of_the_release(bank: Bank) -> None:
    with pytest.raises(DuplicateStep):
        EndOfDayRunner(bank.db, bank.producer, [bank.steps[0], bank.steps[0]])
