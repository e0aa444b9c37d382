"""What the committer promises when things break. Every acknowledged command is there, none is there twice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from uuid import UUID

import psycopg
import pytest
import pytest_asyncio
from psycopg import conninfo

from lana.lib.authz import Ctx
from lana.lib.errors import Busy, ConcurrentModification
from lana.lib.es.commands import Commands
from lana.lib.es.committer import MAX_QUEUE, Committer
from lana.lib.es.op import Op
from lana.lib.outbox.processor import LEASE_LOST
from lana.lib.pg.database import Connection, Database, connect
from tests.support.box import Box, Boxes, BoxService, create_tables
from tests.support.clock import FixedTime
from tests.support.proxy import LossyProxy

CALLERS = 64


@pytest.fixture
def service(dsn: str, db: Database) -> BoxService:
    create_tables(dsn)
    return BoxService(Boxes(db))


async def boxes(commands: Commands, service: BoxService, ctx: Ctx, count: int) -> list[UUID]:
    made = await asyncio.gather(*(commands.run(ctx, service.create, f"box {i}") for i in range(count)))
    return [box.id for box in made]


async def totals(db: Database) -> dict[UUID, int]:
    return dict(await db.fetch("select id, total from boxes"))


async def check_books(db: Database) -> None:
    """State, events and outbox tell the same story, without gaps."""
    assert (
        await db.fetch(
            "select b.id from boxes b where b.version <> (select max(sequence) from events where entity_id = b.id)"
            " or b.version <> (select count(*) from events where entity_id = b.id)"
            " or b.total <> (select coalesce(sum((data->>'amount')::int8), 0) from events where entity_id = b.id)"
        )
        == []
    )
    fills = await db.fetch("select count(*) from events where event_type = 'filled'")
    outbox = await db.fetch("select count(*), coalesce(max(sequence), 0) from outbox")
    assert outbox == [(fills[0][0], fills[0][0])]


async def test_a_poisoned_op_in_a_full_batch_fails_alone(
    service: BoxService, commands: Commands, ctx: Ctx, db: Database
) -> None:
    ids = await boxes(commands, service, ctx, 50)

    async def poison(op: Op) -> Box:
        return await service.create(op, "a name with a NUL \x00 in it")

    results = await asyncio.gather(
        *(commands.run(ctx, service.fill, i, 1) for i in ids),
        commands.run(ctx, poison),
        *(commands.run(ctx, service.fill, i, 1) for i in ids),
        return_exceptions=True,
    )
    failed = [r for r in results if isinstance(r, BaseException)]
    assert len(failed) == 1
    assert isinstance(failed[0], psycopg.DataError | UnicodeError | ValueError)
    assert set((await totals(db)).values()) == {2}
    await check_books(db)


@pytest_asyncio.fixture
async def lossy(dsn: str) -> AsyncIterator[LossyProxy]:
    known = conninfo.conninfo_to_dict(dsn)
    async with LossyProxy(str(known["host"]), int(str(known["port"]))) as proxy:
        yield proxy


async def test_when_the_answer_to_a_commit_is_lost_the_committer_finds_the_truth(
    service: BoxService, dsn: str, db: Database, lossy: LossyProxy, ctx: Ctx
) -> None:
    through_proxy = conninfo.make_conninfo(dsn, port=lossy.port)
    async with Committer(through_proxy) as committer:
        commands = Commands(db, committer, FixedTime())
        ids = await boxes(commands, service, ctx, 16)
        for _ in range(10):
            running = [asyncio.create_task(commands.run(ctx, service.fill, i, 1)) for i in ids]
            await asyncio.sleep(0)
            lossy.swallow_answers = True
            async with asyncio.timeout(20):
                cuts = lossy.cuts
                while lossy.cuts == cuts:
                    await asyncio.sleep(0.001)
            lossy.swallow_answers = False
            await asyncio.gather(*running)
    assert set((await totals(db)).values()) == {10}
    await check_books(db)


async def test_backends_killed_in_mid_commit_are_nobodys_problem(
    service: BoxService, commands: Commands, ctx: Ctx, db: Database, dsn: str
) -> None:
    ids = await boxes(commands, service, ctx, CALLERS)
    stop = asyncio.Event()
    done = dict.fromkeys(ids, 0)

    async def caller(box_id: UUID) -> None:
        while not stop.is_set():
            await commands.run(ctx, service.fill, box_id, 1)
            done[box_id] += 1

    callers = [asyncio.create_task(caller(i)) for i in ids]
    killer = await connect(dsn)
    killed = 0
    for _ in range(40):
        await asyncio.sleep(random.uniform(0.005, 0.05))
        cursor = await killer.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid() and query ~ 'write_batch|begin_batch|insert into boxes|append_outbox'"
        )
        killed += cursor.rowcount
    stop.set()
    await asyncio.gather(*callers)
    await killer.close()
    assert killed > 10
    assert await totals(db) == done
    await check_books(db)


async def test_two_processes_share_nothing_but_the_database(
    service: BoxService, dsn: str, db: Database, ctx: Ctx
) -> None:
    async with Database(dsn) as other_db, Committer(dsn) as one, Committer(dsn) as two:
        first = Commands(db, one, FixedTime())
        second = Commands(other_db, two, FixedTime())
        other = BoxService(Boxes(other_db))
        ids = await boxes(first, service, ctx, 8)
        keys = [Ctx(subject=ctx.subject, idempotency_key=f"k{n}") for n in range(200)]
        results = await asyncio.gather(
            *(first.run(c, service.fill, ids[n % 8], 1) for n, c in enumerate(keys)),
            *(second.run(c, other.fill, ids[n % 8], 1) for n, c in enumerate(keys)),
        )
    assert sum((await totals(db)).values()) == 200
    for mine, theirs in zip(results[:200], results[200:], strict=True):
        assert (mine.id, mine.version, mine.total) == (theirs.id, theirs.version, theirs.total)
    await check_books(db)


async def test_two_processes_that_create_one_id_create_it_once(
    service: BoxService, dsn: str, db: Database, ctx: Ctx
) -> None:
    async with Database(dsn) as other_db, Committer(dsn) as one, Committer(dsn) as two:
        first = Commands(db, one, FixedTime())
        second = Commands(other_db, two, FixedTime())
        other = BoxService(Boxes(other_db))
        for number in range(30):
            results = await asyncio.gather(
                first.run(ctx, service.create, f"one {number}", UUID(int=number + 1)),
                second.run(ctx, other.create, f"two {number}", UUID(int=number + 1)),
                return_exceptions=True,
            )
            assert sum(isinstance(result, Box) for result in results) == 1
            (refused,) = [result for result in results if not isinstance(result, Box)]
            assert isinstance(refused, ConcurrentModification)
    assert len(await totals(db)) == 30
    await check_books(db)


async def test_too_many_waiting_commands_are_told_to_come_back_and_leave_nothing(
    service: BoxService, dsn: str, db: Database, ctx: Ctx
) -> None:
    gate = asyncio.Event()

    async def slow_connect(to: str) -> Connection:
        await gate.wait()
        return await connect(to)

    async with Committer(dsn, connect_with=slow_connect) as committer:
        commands = Commands(db, committer, FixedTime())
        tasks = [
            asyncio.create_task(commands.run(ctx, service.create, f"n{i}")) for i in range(MAX_QUEUE + 400)
        ]
        async with asyncio.timeout(30):
            while sum(task.done() for task in tasks) < 100:
                await asyncio.sleep(0.01)
        gate.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    refused = [r for r in results if isinstance(r, BaseException)]
    assert refused
    assert all(isinstance(r, Busy) for r in refused)
    assert len(await totals(db)) == len(results) - len(refused)


async def test_a_held_row_lock_delays_its_batch_and_breaks_nothing(
    service: BoxService, commands: Commands, ctx: Ctx, db: Database, dsn: str
) -> None:
    ids = await boxes(commands, service, ctx, 4)
    holder = await connect(dsn)
    async with holder.transaction():
        await holder.execute("select from boxes where id = %b::uuid for update", [ids[0]])
        running = [asyncio.create_task(commands.run(ctx, service.fill, i, 1)) for i in ids]
        async with asyncio.timeout(10):
            while not await db.fetch("select 1 from pg_locks where not granted"):
                await asyncio.sleep(0.01)
        assert not running[0].done()
    await asyncio.gather(*running)
    await holder.close()
    assert set((await totals(db)).values()) == {1}


async def test_should_writing_itself_fail_nobody_waits_for_ever(
    service: BoxService, commands: Commands, ctx: Ctx, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of ours while a batch's error is read: all its callers hear of it, and the next batch is written."""
    ids = await boxes(commands, service, ctx, CALLERS)

    async def break_down(*_: object) -> None:
        raise RuntimeError("a mistake")

    with monkeypatch.context() as patched:
        patched.setattr(Committer, "_write", break_down)
        async with asyncio.timeout(10):
            results = await asyncio.gather(
                *(commands.run(ctx, service.fill, i, 1) for i in ids), return_exceptions=True
            )
    assert {str(result) for result in results} == {"a mistake"}
    await asyncio.gather(*(commands.run(ctx, service.fill, i, 1) for i in ids))
    assert set((await totals(db)).values()) == {1}
    await check_books(db)


async def test_a_processor_that_lost_its_lease_disturbs_nobody_in_its_batch(
    service: BoxService, commands: Commands, ctx: Ctx, db: Database
) -> None:
    ids = await boxes(commands, service, ctx, CALLERS)

    async def advance(op: Op) -> None:
        op.execute("select advance_processor(%b::int8, 'nobody', %b::uuid, 1::int8, 2::int8)", op.new_id())

    async with asyncio.timeout(20):
        results = await asyncio.gather(
            *(commands.run(ctx, service.fill, i, 1) for i in ids[:32]),
            commands.run(ctx, advance),
            *(commands.run(ctx, service.fill, i, 1) for i in ids[32:]),
            return_exceptions=True,
        )
    (lost,) = [result for result in results if isinstance(result, BaseException)]
    assert isinstance(lost, psycopg.Error)
    assert lost.sqlstate == LEASE_LOST
    assert set((await totals(db)).values()) == {1}
    await check_books(db)
