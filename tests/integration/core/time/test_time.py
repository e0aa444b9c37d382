"""The bank's clock in several processes, and its advance."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
import pytest_asyncio

from lana.core.time import BankClockRepo, BankTime, TimeService
from lana.core.time.clock.errors import TimeAdvanceUnavailable
from lana.lib.authz import Ctx, Subject
from lana.lib.clock import ManualClock, RealClock
from lana.lib.errors import NotAuthorized
from lana.lib.es.commands import Commands
from lana.lib.es.committer import Committer
from lana.lib.pg.database import Database
from tests.support.configured import Configured
from tests.support.waiting import eventually

START = datetime(2026, 1, 15, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 1, 16, tzinfo=UTC)
SYSTEM = Ctx.system("test")


class Process:
    """One process of the bank with its manual clock."""

    def __init__(self, db: Database, committer: Committer, start_at: datetime) -> None:
        self.configured = Configured(db)
        self.clock = ManualClock(db, start_at)
        self.bank_time = BankTime(self.clock, self.configured.settings)
        self.commands = Commands(db, committer, self.bank_time)
        self.time = TimeService(self.bank_time, BankClockRepo(db), self.configured.authz)


@pytest_asyncio.fixture
async def process(db: Database, committer: Committer) -> AsyncIterator[Process]:
    found = Process(db, committer, START)
    await found.commands.run(SYSTEM, found.time.start_clock)
    async with found.clock:
        yield found


async def test_clock_stands_still_until_it_is_advanced_to_the_closing(process: Process) -> None:
    assert process.clock.now() == START
    clock = await process.commands.run(SYSTEM, process.time.advance_to_next_end_of_day)
    state = await process.time.after_advance(clock)
    assert (state.current_time, state.current_date) == (MIDNIGHT, date(2026, 1, 16))
    assert state.next_end_of_day_at == MIDNIGHT + timedelta(days=1)
    assert process.clock.now() == MIDNIGHT
    assert process.commands.new_op(SYSTEM).today == date(2026, 1, 16)


async def test_other_process_sees_an_advance_within_a_second_and_keeps_the_first_start(
    process: Process, db: Database, committer: Committer
) -> None:
    other = Process(db, committer, START + timedelta(days=100))
    await other.commands.run(SYSTEM, other.time.start_clock)
    async with other.clock:
        assert other.clock.now() == START
        await process.commands.run(SYSTEM, process.time.advance_to_next_end_of_day)
        assert await eventually(lambda: other.clock.now() == MIDNIGHT) < 1


async def test_advances_at_once_move_one_day_each(process: Process) -> None:
    await asyncio.gather(
        *(process.commands.run(SYSTEM, process.time.advance_to_next_end_of_day) for _ in range(5))
    )
    await process.clock.refresh()
    assert process.clock.now() == MIDNIGHT + timedelta(days=4)


async def test_repeated_advance_under_one_key_moves_once(process: Process) -> None:
    ctx = Ctx(subject=SYSTEM.subject, idempotency_key="advance-1")
    first = await process.commands.run(ctx, process.time.advance_to_next_end_of_day)
    second = await process.commands.run(ctx, process.time.advance_to_next_end_of_day)
    assert (first.at, second.at) == (MIDNIGHT, MIDNIGHT)


async def test_advance_and_the_time_are_permissions_on_settings(process: Process, db: Database) -> None:
    nobody = Ctx(subject=Subject.user(uuid4()))
    with pytest.raises(NotAuthorized):
        await process.commands.run(nobody, process.time.advance_to_next_end_of_day)
    with pytest.raises(NotAuthorized):
        await process.time.state(nobody)
    await process.commands.flush(nobody)
    rows = await db.fetch("select action, authorized from audit_entries order by id")
    assert rows == [
        ("domain-config:exposed-config:write", False),
        ("domain-config:exposed-config:read", False),
    ]


async def test_real_clock_is_nobodys_to_move(db: Database, committer: Committer) -> None:
    configured = Configured(db)
    bank_time = BankTime(RealClock(), configured.settings)
    service = TimeService(bank_time, BankClockRepo(db), configured.authz)
    commands = Commands(db, committer, bank_time)
    assert await commands.run(SYSTEM, service.start_clock) is None
    with pytest.raises(TimeAdvanceUnavailable) as caught:
        await commands.run(SYSTEM, service.advance_to_next_end_of_day)
    assert caught.value.code == "TIME_ADVANCE_UNAVAILABLE"
    assert not (await service.state(SYSTEM)).can_advance


async def test_database_itself_refuses_to_turn_the_clock_back(process: Process, db: Database) -> None:
    with pytest.raises(psycopg.errors.RestrictViolation):
        await db.fetch("update bank_clock set at = at - interval '1 second'")


async def test_closing_follows_the_settings(process: Process) -> None:
    overrides = [("closing-time", "18:00:00"), ("timezone", "America/New_York")]
    await process.configured.start(process.commands, overrides)
    state = await process.time.state(SYSTEM)
    assert state.next_end_of_day_at == datetime(2026, 1, 15, 23, tzinfo=UTC)
    assert state.end_of_day_time.isoformat() == "18:00:00"
    assert state.current_date == date(2026, 1, 15)
