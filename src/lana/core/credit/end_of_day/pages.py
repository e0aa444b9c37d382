"""A page of loans by id: found by one query, done by one Op, in halves where something is at fault.

What cannot be done stays in the query's answer, so the next run finds it again; it is listed as a failure.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Final
from uuid import UUID

from lana.core.credit.primitives import Actor
from lana.lib.authz import Ctx
from lana.lib.closing import Closing, PageDone, in_halves
from lana.lib.es.commands import Commands
from lana.lib.es.op import Op
from lana.lib.pg.database import Database

PAGE: Final = 500

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
            ctx = Ctx.system(self._actor, cause=f"end of {closing.day}")
            return await self._commands.run(ctx, verb, part, closing)

        done, failures = await in_halves(ids, work)
        return PageDone(str(ids[-1]) if len(ids) == PAGE else None, done, failures)
