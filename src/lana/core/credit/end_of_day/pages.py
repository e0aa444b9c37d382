"""A page of loans by id: found by one query, done by a few large Ops, each in halves where something is at
fault.

Two Ops are under way at a time: one is decided here while the database writes the other. What cannot be done
stays in the query's answer, so the next run finds it again; it is listed as a failure.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Final
from uuid import UUID

import structlog

from lana.core.credit.primitives import Actor
from lana.lib.authz import Ctx
from lana.lib.closing import Closing, ItemFailure, PageDone, in_halves
from lana.lib.errors import Busy, DatabaseUnavailable
from lana.lib.es.commands import Commands
from lana.lib.es.op import Op
from lana.lib.pg.database import Database

log = structlog.get_logger()

AN_OP: Final = 500
PAGE: Final = 4 * AN_OP
AT_ONCE: Final = 2
PATIENCE: Final = 10
"""Tries of an Op that waited too long behind others, of which nothing was done."""

Verb = Callable[[Op, list[UUID], Closing], Awaitable[int]]


class Pages:
    """`sql` takes a day, the last id of the page before, and a limit; it answers ids in order."""

    def __init__(self, db: Database, commands: Commands, actor: Actor, sql: str) -> None:
        self._db = db
        self._commands = commands
        self._actor = actor
        self._sql = sql

    async def page(self, closing: Closing, cursor: str | None, day: date, verb: Verb) -> PageDone:
        after = UUID(cursor) if cursor else UUID(int=0)
        ids = [row[0] for row in await self._db.fetch(self._sql, [day, after, PAGE])]

        async def work(part: list[UUID]) -> int:
            return await self._patiently(verb, part, closing)

        parts = [ids[start : start + AN_OP] for start in range(0, len(ids), AN_OP)]
        found = await _side_by_side(parts, work)
        cursor_of_next = str(ids[-1]) if len(ids) == PAGE else None
        failures = [failure for _, some in found for failure in some]
        return PageDone(cursor_of_next, sum(done for done, _ in found), failures)

    async def _patiently(self, verb: Verb, part: list[UUID], closing: Closing) -> int:
        ctx = Ctx.system(self._actor, cause=f"end of {closing.day}")
        for _ in range(PATIENCE - 1):
            try:
                return await self._commands.run(ctx, verb, part, closing)
            except DatabaseUnavailable:
                raise
            except Busy as busy:
                log.info("waited behind others, tried again", loans=len(part), reason=str(busy))
        return await self._commands.run(ctx, verb, part, closing)


async def _side_by_side(
    parts: Sequence[list[UUID]], work: Callable[[list[UUID]], Awaitable[int]]
) -> Sequence[tuple[int, Sequence[ItemFailure]]]:
    """All parts, `AT_ONCE` at a time; an error is raised when the others are over."""
    waiting = iter(parts)
    found: list[tuple[int, Sequence[ItemFailure]]] = []

    async def some() -> None:
        found.extend([await in_halves(part, work) for part in waiting])

    ends = await asyncio.gather(*(some() for _ in range(AT_ONCE)), return_exceptions=True)
    for error in ends:
        if error is not None:
            raise error
    return found
