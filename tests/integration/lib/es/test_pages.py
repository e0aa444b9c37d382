"""Keyset pages on a real table: every row once, whatever is written meanwhile; and gathered loads."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from lana.lib.authz import Ctx
from lana.lib.es.commands import Commands
from lana.lib.pg.database import Database
from lana.lib.pg.page import CursorDestructureError, Direction, NegativeFirst, Order, Page
from tests.support.box import Box, Boxes, BoxService, create_tables

ORDERS = [Order(by, way) for by in ("created_at", "name", "total") for way in Direction]


@pytest.fixture
def service(dsn: str, db: Database) -> BoxService:
    create_tables(dsn)
    return BoxService(Boxes(db))


async def fill(commands: Commands, ctx: Ctx, service: BoxService, count: int) -> list[Box]:
    """Boxes with one instant for all and three totals, so that ties are everywhere."""
    made = await asyncio.gather(*(commands.run(ctx, service.create, f"box {n:03}") for n in range(count)))
    await asyncio.gather(*(commands.run(ctx, service.fill, box.id, n % 3 + 1) for n, box in enumerate(made)))
    return list(made)


async def walk(repo: Boxes, size: int, order: Order) -> list[Box]:
    seen: list[Box] = []
    after: str | None = None
    for _ in range(100):
        page = await repo.list(Page(size, after), order)
        seen += page.items
        if not page.has_next:
            return seen
        after = page.cursors[-1]
    raise AssertionError("the walk does not end")


@pytest.mark.parametrize("order", ORDERS, ids=str)
async def test_pages_of_any_size_show_every_row_once_and_in_order(
    service: BoxService, commands: Commands, ctx: Ctx, order: Order
) -> None:
    made = await fill(commands, ctx, service, 24)
    for size in (1, 5, 24, 100):
        seen = await walk(service.boxes, size, order)
        assert sorted(box.id for box in seen) == sorted(box.id for box in made)
        keys = [(getattr(box, order.by), box.id) for box in seen]
        assert keys == sorted(keys, reverse=order.direction is Direction.DESC)


async def test_rows_written_while_paging_neither_shift_nor_double_the_others(
    service: BoxService, commands: Commands, ctx: Ctx
) -> None:
    made = {box.id for box in await fill(commands, ctx, service, 20)}
    order = Order("name", Direction.ASC)
    first = await service.boxes.list(Page(10), order)
    for name in ("box 000b", "box 005b", "box 015b", "zebra"):
        await commands.run(ctx, service.create, name)
    second = await service.boxes.list(Page(100, first.cursors[-1]), order)
    shown = [box.name for box in (*first.items, *second.items) if box.id in made]
    assert shown == sorted(f"box {n:03}" for n in range(20))
    assert [box.name for box in second.items if box.id not in made] == ["box 015b", "zebra"]


async def test_sizes_are_cut_to_the_limit_and_never_negative(
    service: BoxService, commands: Commands, ctx: Ctx, db: Database
) -> None:
    db.page_limit = 10
    await fill(commands, ctx, service, 12)
    assert len((await service.boxes.list(Page(10_000))).items) == 10
    empty = await service.boxes.list(Page(0))
    assert (empty.items, empty.cursors, empty.has_next) == ([], [], True)
    with pytest.raises(NegativeFirst):
        await service.boxes.list(Page(-1))


async def test_a_cursor_belongs_to_the_sort_that_made_it(
    service: BoxService, commands: Commands, ctx: Ctx
) -> None:
    await fill(commands, ctx, service, 3)
    for made_by in ORDERS:
        cursor = (await service.boxes.list(Page(1), made_by)).cursors[0]
        for used_by in ORDERS:
            if used_by.by == made_by.by:
                await service.boxes.list(Page(1, cursor), used_by)
            else:
                with pytest.raises(CursorDestructureError):
                    await service.boxes.list(Page(1, cursor), used_by)


async def test_loads_of_many_callers_are_few_statements(
    service: BoxService, commands: Commands, ctx: Ctx, db: Database
) -> None:
    made = await fill(commands, ctx, service, 30)
    before = db.statements
    found = await asyncio.gather(*(service.boxes.peek(box.id) for box in made), service.boxes.peek(uuid4()))
    assert db.statements - before <= 2
    assert [box.id for box in found[:-1] if box] == [box.id for box in made]
    assert found[-1] is None


async def test_each_caller_gets_an_object_of_its_own(
    service: BoxService, commands: Commands, ctx: Ctx
) -> None:
    """Two commands that decide on one entity must not see each other's undecided changes."""
    (box,) = await fill(commands, ctx, service, 1)
    one, other = await asyncio.gather(service.boxes.peek(box.id), service.boxes.peek(box.id))
    assert one is not None
    assert other is not None
    one.fill(50)
    assert (one.total, other.total) == (51, 1)
