"""Jobs: enqueued with their Op or not at all, tried again with back-off, visible when they fail for good."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any, ClassVar
from uuid import UUID

import pytest

from lana.lib import jobs
from lana.lib.authz import Check, Ctx
from lana.lib.es.commands import Commands
from lana.lib.es.op import DeferredJob, Op
from lana.lib.jobs import ATTEMPTS, JobRunner
from lana.lib.pg.database import Database
from tests.support.box import FILL, Box, BoxClosed, Boxes, BoxService, create_tables
from tests.support.waiting import eventually


class Greet:
    """Fails as often as it is told to."""

    name: ClassVar[str] = "test.greet"

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.runs: list[Mapping[str, object]] = []

    async def run(self, args: Mapping[str, object]) -> None:
        self.runs.append(args)
        if len(self.runs) <= self.failures:
            raise ConnectionError("nobody there")


@asynccontextmanager
async def working(db: Database, *known: jobs.Job) -> AsyncGenerator[None]:
    running = asyncio.create_task(JobRunner(db, known).run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def defer(commands: Commands, ctx: Ctx, **args: object) -> None:
    async def enqueue(op: Op) -> str:
        op.record(Check(op.subject, FILL, (), authorized=True))
        op.defer(DeferredJob("test.greet", args))
        return "enqueued"

    assert await commands.run(ctx, enqueue) == "enqueued"


async def stored(db: Database) -> list[tuple[Any, ...]]:
    return await db.fetch("select status::text, attempts::int8 from procrastinate_jobs order by id")


async def due_now(db: Database) -> None:
    """As if the back-off had passed."""
    await db.fetch("update procrastinate_jobs set scheduled_at = now() where status = 'todo'")


@pytest.fixture
def service(dsn: str, db: Database) -> BoxService:
    create_tables(dsn)
    return BoxService(Boxes(db))


async def test_a_job_runs_once_with_its_arguments(commands: Commands, ctx: Ctx, db: Database) -> None:
    greet = Greet()
    await defer(commands, ctx, name="ann", times=3)
    async with working(db, greet):
        await eventually(lambda: bool(greet.runs), 10)
        await eventually(lambda: is_now(db, [("succeeded", 1)]), 10)
    assert greet.runs == [{"name": "ann", "times": 3}]


async def is_now(db: Database, expected: list[tuple[Any, ...]]) -> bool:
    return await stored(db) == expected


async def test_a_job_of_a_refused_op_is_not_enqueued(
    service: BoxService, commands: Commands, ctx: Ctx, db: Database
) -> None:
    box = await commands.run(ctx, service.create, "a box")
    await commands.run(ctx, service.close, box.id)

    async def fill_and_tell(op: Op, box_id: UUID) -> Box:
        op.defer(DeferredJob("test.greet", {}))
        return await service.fill(op, box_id, 1)

    async def take_a_taken_name(op: Op) -> Box:
        op.defer(DeferredJob("test.greet", {}))
        return await service.create(op, "a box")

    with pytest.raises(BoxClosed):
        await commands.run(ctx, fill_and_tell, box.id)
    with pytest.raises(Exception, match="NameTaken"):
        await commands.run(ctx, take_a_taken_name)
    assert await stored(db) == []


async def test_a_stale_command_that_is_run_again_enqueues_once(
    service: BoxService, commands: Commands, ctx: Ctx, db: Database
) -> None:
    box = await commands.run(ctx, service.create, "a box")

    async def fill_and_tell(op: Op) -> Box:
        op.defer(DeferredJob("test.greet", {}))
        return await service.fill(op, box.id, 1)

    await asyncio.gather(*(commands.run(ctx, fill_and_tell) for _ in range(10)))
    assert service.runs > 10, "some had to begin again"
    assert await stored(db) == [("todo", 0)] * 10


async def test_a_failing_job_waits_longer_each_time_and_then_succeeds(
    commands: Commands, ctx: Ctx, db: Database
) -> None:
    greet = Greet(failures=4)
    await defer(commands, ctx)
    waits: list[float] = []
    async with working(db, greet):
        for attempt in range(1, 5):
            await eventually(lambda attempt=attempt: is_now(db, [("todo", attempt)]), 15)
            (row,) = await db.fetch(
                "select extract(epoch from j.scheduled_at - e.at)::float8 from procrastinate_jobs j"
                " join procrastinate_events e on e.job_id = j.id where e.type = 'deferred_for_retry'"
                " order by e.id desc limit 1"
            )
            waits.append(row[0])
            await due_now(db)
        await eventually(lambda: is_now(db, [("succeeded", 5)]), 15)
    for wait, expected in zip(waits, (1, 2, 4, 8), strict=True):
        assert expected * 0.5 <= wait <= expected * 1.2 + 1
    assert await db.fetch("select 1 from failed_jobs") == []


async def test_a_job_that_failed_for_good_stays_visible_with_its_error(
    commands: Commands, ctx: Ctx, db: Database
) -> None:
    greet = Greet(failures=2)
    await defer(commands, ctx, name="ann")
    await db.fetch("update procrastinate_jobs set attempts = %b::int8", [ATTEMPTS - 2])
    async with working(db, greet):
        await eventually(lambda: is_now(db, [("todo", ATTEMPTS - 1)]), 10)
        assert await db.fetch("select 1 from failed_jobs") == []
        await due_now(db)
        await eventually(lambda: is_now(db, [("failed", ATTEMPTS)]), 10)
    assert await db.fetch("select name, args, error from failed_jobs") == [
        ("test.greet", b'{"name": "ann"}', "ConnectionError('nobody there')")
    ]
    assert len(greet.runs) == 2


class GreetOrTell(Greet):
    """Tells what it is told when its last try failed."""

    def __init__(self, failures: int, fault: Exception | None = None) -> None:
        super().__init__(failures)
        self.told: list[tuple[Mapping[str, object], str]] = []
        self.fault = fault

    async def gave_up(self, args: Mapping[str, object], error: str) -> None:
        self.told.append((args, error))
        if self.fault:
            raise self.fault


@pytest.mark.parametrize("fault", [None, ValueError("and cannot even say so")])
async def test_a_job_may_say_that_it_failed_for_good(
    commands: Commands, ctx: Ctx, db: Database, fault: Exception | None
) -> None:
    greet = GreetOrTell(2, fault)
    await defer(commands, ctx, name="ann")
    await db.fetch("update procrastinate_jobs set attempts = %b::int8", [ATTEMPTS - 2])
    async with working(db, greet):
        await eventually(lambda: is_now(db, [("todo", ATTEMPTS - 1)]), 10)
        assert greet.told == []
        await due_now(db)
        await eventually(lambda: is_now(db, [("failed", ATTEMPTS)]), 10)
    assert greet.told == [({"name": "ann"}, "ConnectionError('nobody there')")]
    assert len(await db.fetch("select 1 from failed_jobs")) == 1


async def test_a_job_that_failed_for_good_can_be_run_again(
    commands: Commands, ctx: Ctx, db: Database
) -> None:
    greet = Greet(failures=1)
    await defer(commands, ctx)
    await db.fetch("update procrastinate_jobs set attempts = %b::int8", [ATTEMPTS - 1])
    async with working(db, greet):
        await eventually(lambda: is_now(db, [("failed", ATTEMPTS)]), 10)
        await db.fetch(
            "select procrastinate_retry_job_v2(id, now(), null, null, null) from procrastinate_jobs"
        )
        await eventually(lambda: is_now(db, [("succeeded", ATTEMPTS + 2)]), 10)


async def fetched_by_a_dead_worker(db: Database) -> None:
    """A worker took the job, and nothing was heard of it for a minute."""
    (worker,) = await db.fetch("select worker_id from procrastinate_register_worker_v1()")
    await db.fetch("select (procrastinate_fetch_job_v2(null, %b::int8)).id", [worker[0]])
    await db.fetch("update procrastinate_workers set last_heartbeat = now() - interval '1 minute'")
    assert [row[0] for row in await stored(db)] == ["doing"]


async def test_a_job_of_a_worker_that_was_killed_is_run_by_another(
    commands: Commands, ctx: Ctx, db: Database
) -> None:
    greet = Greet()
    await defer(commands, ctx)
    await fetched_by_a_dead_worker(db)
    async with working(db, greet), working(db, greet):
        await eventually(lambda: is_now(db, [("succeeded", 2)]), 30)
    assert len(greet.runs) == 1


async def test_a_job_that_kills_every_worker_is_given_up_in_the_end(
    commands: Commands, ctx: Ctx, db: Database
) -> None:
    greet = Greet()
    await defer(commands, ctx)
    await db.fetch("update procrastinate_jobs set attempts = %b::int8", [ATTEMPTS - 1])
    await fetched_by_a_dead_worker(db)
    async with working(db, greet):
        await eventually(lambda: is_now(db, [("failed", ATTEMPTS)]), 30)
    assert await db.fetch("select name, error from failed_jobs") == [("test.greet", "WorkerDied()")]
    assert greet.runs == []


async def test_a_failing_job_does_not_hold_up_the_others(commands: Commands, ctx: Ctx, db: Database) -> None:
    greet = Greet(failures=3)
    for number in range(12):
        await defer(commands, ctx, number=number)
    async with working(db, greet):

        async def nine_done() -> bool:
            return [row[0] for row in await stored(db)].count("succeeded") >= 9

        await eventually(nine_done, 10)
