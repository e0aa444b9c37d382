"""Pages of an end of day: whom they find, in how large Ops, and whose fault it is when one fails."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import cast
from uuid import UUID

import pytest

from lana.core.credit.end_of_day.pages import PAGE, Pages
from lana.core.credit.primitives import Actor
from lana.lib import parts
from lana.lib.closing import Closing
from lana.lib.errors import Busy, DatabaseUnavailable
from lana.lib.es.commands import Commands
from lana.lib.es.op import Op
from lana.lib.parts import AN_OP, AT_ONCE, PATIENCE
from lana.lib.pg.database import Database

CLOSING = Closing(date(2026, 2, 1), datetime(2026, 2, 1, tzinfo=UTC), "UTC")


class Bank:
    """So many loans, and who runs Ops over them: each `trouble` is raised once, `bad` spoil every Op."""

    def __init__(self, loans: int, *trouble: Exception, bad: Sequence[int] = ()) -> None:
        self._ids = [UUID(int=number) for number in range(1, loans + 1)]
        self._trouble = list(trouble)
        self._bad = {UUID(int=number) for number in bad}
        self.ops: list[int] = []
        self.did: list[UUID] = []
        self.now = self.most = 0

    async def fetch(self, sql: str, params: Sequence[object]) -> list[tuple[UUID]]:
        _, after, limit = params
        following = [(each,) for each in self._ids if each > cast("UUID", after)]
        return following[: cast("int", limit)]

    async def run(self, ctx: object, verb: object, part: list[UUID], closing: Closing) -> int:
        self.ops.append(len(part))
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        if self._trouble:
            raise self._trouble.pop()
        if self._bad & set(part):
            raise ValueError("cannot")
        self.did += part
        return len(part)

    @property
    def pages(self) -> Pages:
        return Pages(cast("Database", self), cast("Commands", self), Actor.INTEREST_ACCRUAL, "select")

    async def all(self) -> tuple[int, list[str]]:
        """Page after page; how many were done and who was left."""
        cursor, done, left = None, 0, list[str]()
        for _ in range(100):
            page = await self.pages.page(CLOSING, cursor, CLOSING.day, verb)
            done, cursor = done + page.done, page.cursor
            left += [failure.item for failure in page.failures]
            if cursor is None:
                return done, left
        raise AssertionError("it does not end")


async def verb(op: Op, ids: list[UUID], closing: Closing) -> int:
    return len(ids)


@pytest.mark.parametrize("loans", [0, 1, AN_OP, AN_OP + 1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE])
async def test_every_loan_is_done_once_in_ops_of_bounded_size(loans: int) -> None:
    bank = Bank(loans)
    assert await bank.all() == (loans, [])
    assert (len(bank.did), len(set(bank.did))) == (loans, loans)
    assert max(bank.ops, default=0) <= AN_OP


async def test_two_ops_are_under_way_and_no_more() -> None:
    bank = Bank(2 * PAGE)
    await bank.all()
    assert bank.most == AT_ONCE


async def test_who_is_at_fault_is_left_and_everybody_else_is_done() -> None:
    bad = [1, 700, 701, PAGE + 5]
    bank = Bank(PAGE + 10, bad=bad)
    done, left = await bank.all()
    assert done == PAGE + 10 - len(bad)
    assert sorted(left) == sorted(str(UUID(int=number)) for number in bad)


async def test_an_op_that_waited_too_long_behind_others_is_tried_again() -> None:
    bank = Bank(10, *(Busy("waited") for _ in range(PATIENCE - 1)))
    assert await bank.all() == (10, [])


async def test_where_there_is_never_room_the_run_stops_and_nobody_is_at_fault() -> None:
    bank = Bank(10, *(Busy("waited") for _ in range(PATIENCE)))
    with pytest.raises(Busy):
        await bank.all()
    assert bank.did == []


async def test_a_database_that_is_away_stops_the_run_at_once() -> None:
    bank = Bank(10, DatabaseUnavailable())
    with pytest.raises(DatabaseUnavailable):
        await bank.all()
    assert bank.ops == [10]


async def test_one_op_that_stops_the_run_lets_the_other_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "AN_OP", 5)
    bank = Bank(10, DatabaseUnavailable())
    with pytest.raises(DatabaseUnavailable):
        await bank.all()
    assert (len(bank.did), bank.now) == (5, 0)
