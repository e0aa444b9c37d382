"""What event processors promise: in order, none skipped, effect and checkpoint together, one owner."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import ClassVar
from uuid import UUID

import psycopg
import pytest

from lana.lib.authz import Ctx
from lana.lib.es.commands import Commands
from lana.lib.es.committer import Committer
from lana.lib.es.op import Op
from lana.lib.outbox import PublicEvent
from lana.lib.outbox import processor as processor_module
from lana.lib.outbox.processor import ProcessorRunner
from lana.lib.outbox.tail import Tail, read_after
from lana.lib.pg.database import Database, connect
from tests.support.box import Boxes, BoxFilled, BoxService, create_tables
from tests.support.clock import FixedTime


class Summing:
    """A read model that would show an effect done twice or not at all."""

    name: ClassVar[str] = "summing"
    takes: ClassVar[tuple[type[PublicEvent], ...]] = (BoxFilled,)
    actor: ClassVar[str] = "test"

    def __init__(self) -> None:
        self.handled: list[BoxFilled] = []
        self.poison: UUID | None = None

    async def handle(self, op: Op, event: PublicEvent) -> None:
        assert isinstance(event, BoxFilled)
        if event.id == self.poison:
            raise ValueError("poison")
        self.handled.append(event)
        op.execute(
            "with given(op, box, total) as (values (%b::int8, %b::uuid, %b::int8))"
            " insert into box_sums (box, total, seen) select box, total, 1 from given"
            " where op <> all(current_setting('lana.dead')::int8[])"
            " on conflict (box) do update set total = box_sums.total + excluded.total, seen = box_sums.seen + 1",
            *(event.id, event.amount),
        )


@pytest.fixture
def service(dsn: str, db: Database) -> BoxService:
    create_tables(dsn)
    return BoxService(Boxes(db))


async def until(condition: Callable[[], object], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def caught_up(db: Database) -> bool:
    rows = await db.fetch("select (select sum(total) from boxes) = (select sum(total) from box_sums)")
    return bool(rows[0][0])


async def wait_caught_up(db: Database) -> None:
    async with asyncio.timeout(20):
        while not await caught_up(db):
            await asyncio.sleep(0.02)


async def fill(commands: Commands, service: BoxService, ctx: Ctx, times: int) -> list[UUID]:
    made = await asyncio.gather(*(commands.run(ctx, service.create, f"b{i}") for i in range(8)))
    ids = [box.id for box in made]
    await asyncio.gather(*(commands.run(ctx, service.fill, ids[n % 8], n) for n in range(times)))
    return ids


async def test_a_processor_sees_every_event_once_and_in_order(
    service: BoxService, commands: Commands, ctx: Ctx, db: Database
) -> None:
    await fill(commands, service, ctx, 300)
    summing = Summing()
    async with Tail(db) as tail:
        running = asyncio.create_task(ProcessorRunner(summing, db, commands, tail).run())
        await wait_caught_up(db)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    told = [e.event for e in await read_after(db, 0, 1000)]
    assert summing.handled == told


async def test_a_processor_killed_between_effect_and_checkpoint_does_neither(
    service: BoxService, dsn: str, commands: Commands, ctx: Ctx, db: Database
) -> None:
    """Its process dies again and again while it works; what it did and how far it came never part."""
    ids = await fill(commands, service, ctx, 400)
    for _ in range(15):
        async with AsyncExitStack() as stack:
            committer = Committer(dsn)
            tail = await stack.enter_async_context(Tail(db))
            runner = ProcessorRunner(Summing(), db, Commands(db, committer, FixedTime()), tail)
            running = asyncio.create_task(runner.run())
            await asyncio.sleep(0.01)
            await db.fetch(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
                " and query ~ 'advance_processor|box_sums'  and pid <> pg_backend_pid()"
            )
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await committer.__aexit__()
            await db.fetch("update processors set leased_until = clock_timestamp()")
        (seen,) = await db.fetch(
            "select coalesce((select sum(seen) from box_sums), 0)::int8,"
            " (select count(*) from outbox where sequence <= coalesce((select checkpoint from processors), 0))"
        )
        assert seen[0] == seen[1]
    assert ids


async def test_two_processes_run_one_processor_in_turn_never_both(
    service: BoxService, dsn: str, commands: Commands, ctx: Ctx, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processor_module, "LEASE_SECONDS", 1)
    async with AsyncExitStack() as stack:
        runners: list[asyncio.Task[None]] = []
        for _ in range(2):
            other = await stack.enter_async_context(Database(dsn, pool_size=3))
            committer = await stack.enter_async_context(Committer(dsn))
            tail = await stack.enter_async_context(Tail(other))
            runner = ProcessorRunner(Summing(), other, Commands(other, committer, FixedTime()), tail)
            runners.append(asyncio.create_task(runner.run()))
        await fill(commands, service, ctx, 200)
        await wait_caught_up(db)
        owners = await db.fetch("select owner from processors")
        runners[0].cancel()
        await fill_more(commands, service, ctx, db)
        await wait_caught_up(db)
        runners[1].cancel()
        await asyncio.gather(*runners, return_exceptions=True)
        assert len(owners) == 1


async def fill_more(commands: Commands, service: BoxService, ctx: Ctx, db: Database) -> None:
    ids = [row[0] for row in await db.fetch("select id from boxes")]
    await asyncio.gather(*(commands.run(ctx, service.fill, i, 3) for i in ids))


async def test_a_poison_event_is_parked_with_its_entity_and_others_go_on(
    service: BoxService, commands: Commands, ctx: Ctx, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processor_module, "BACK_OFF_SECONDS", (0.0,) * 4)
    ids = await fill(commands, service, ctx, 80)
    summing = Summing()
    summing.poison = ids[3]
    async with Tail(db) as tail:
        runner = ProcessorRunner(summing, db, commands, tail)
        running = asyncio.create_task(runner.run())
        last = (await db.fetch("select max(sequence) from outbox"))[0][0]
        await until(lambda: runner.checkpoint == last)
        parked = await db.fetch("select sequence, entity, attempts from parked_events order by sequence")
        assert {row[1] for row in parked} == {str(ids[3])}
        assert len(parked) == 10
        assert parked[0][2] == processor_module.TRIES
        assert not await caught_up(db)
        summing.poison = None
        assert await runner.replay_parked() == 10
        await wait_caught_up(db)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert await db.fetch("select 1 from parked_events") == []


async def test_a_reader_never_skips_a_late_commit(dsn: str, db: Database) -> None:
    """A writer that holds its transaction open cannot be overtaken by a younger one's sequence."""
    append = (
        "select append_outbox(array[0]::int8[], array['Test'], array['BoxFilled'],"
        """ array['{"module":"Test","type":"BoxFilled","entity":{"id":"00000000-0000-0000-0000-000000000001","""
        """"amount":1}}'], array['{}'], array[now()])"""
    )
    slow, quick = await connect(dsn), await connect(dsn)
    async with slow.transaction():
        await slow.execute("select set_config('lana.dead', '{}', true)")
        await slow.execute(append)

        async def write_quickly() -> None:
            async with quick.transaction():
                await quick.execute("select set_config('lana.dead', '{}', true)")
                await quick.execute(append)

        younger = asyncio.create_task(write_quickly())
        async with asyncio.timeout(10):
            while not await db.fetch("select 1 from pg_locks where locktype = 'advisory' and not granted"):
                await asyncio.sleep(0.01)
        assert list(await read_after(db, 0)) == []
    await younger
    assert [e.sequence for e in await read_after(db, 0)] == [1, 2]
    for connection in (slow, quick):
        await connection.close()


async def test_nobody_changes_or_deletes_an_event(
    service: BoxService, commands: Commands, ctx: Ctx, db: Database
) -> None:
    await commands.run(ctx, service.create, "one")
    for statement in (
        "update events set data = '{}'",
        "delete from events",
        "truncate events",
        "update audit_entries set authorized = true",
        "delete from audit_entries",
        "update outbox set payload = '{}'",
    ):
        with pytest.raises(psycopg.errors.RestrictViolation):
            await db.fetch(statement)
