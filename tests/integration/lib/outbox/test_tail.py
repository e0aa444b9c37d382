"""The outbox's end, with and without anybody who listens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from lana.lib.authz import Ctx
from lana.lib.es.commands import Commands
from lana.lib.outbox.tail import Delivered, Tail
from lana.lib.pg.database import Database
from tests.support.box import Boxes, BoxService, create_tables

SECONDS = 10.0


@pytest.fixture
def service(dsn: str, db: Database) -> BoxService:
    create_tables(dsn)
    return BoxService(Boxes(db))


@pytest_asyncio.fixture
async def tail(db: Database) -> AsyncIterator[Tail]:
    async with Tail(db) as tail:
        yield tail


async def next_of(events: AsyncIterator[Delivered]) -> int:
    async with asyncio.timeout(SECONDS):
        return (await anext(events)).sequence


async def test_who_waits_is_woken_though_nobody_reads_the_events(
    service: BoxService, commands: Commands, ctx: Ctx, tail: Tail, db: Database
) -> None:
    box = await commands.run(ctx, service.create, "one")
    waiting = asyncio.create_task(tail.wait(0, SECONDS))
    await commands.run(ctx, service.fill, box.id, 1)
    await asyncio.wait_for(waiting, SECONDS / 2)
    read = db.statements
    await commands.run(ctx, service.fill, box.id, 1)
    await tail.wait(1, SECONDS)
    loads = 1
    assert db.statements - read <= loads + 1  # a poll may fall between


async def test_a_subscriber_gets_what_comes_after_it_each_once_and_in_order(
    service: BoxService, commands: Commands, ctx: Ctx, tail: Tail
) -> None:
    box = await commands.run(ctx, service.create, "one")
    for amount in (1, 2):
        await commands.run(ctx, service.fill, box.id, amount)
    await tail.wait(1, SECONDS)
    async with tail.subscribe(lambda _: True) as events:
        for amount in (3, 4, 5):
            await commands.run(ctx, service.fill, box.id, amount)
        assert [await next_of(events) for _ in range(3)] == [3, 4, 5]
    await commands.run(ctx, service.fill, box.id, 6)
    await tail.wait(5, SECONDS)
    async with tail.subscribe(lambda _: True) as events:
        await commands.run(ctx, service.fill, box.id, 7)
        assert await next_of(events) == 7
