"""A page of loans by id: found by one query, done by a few large Ops.

What cannot be done stays in the query's answer, so the next run finds it again; it is listed as a failure.
"""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

from lana.core.credit.primitives import Actor
from lana.lib.closing import Closing, PageDone
from lana.lib.es.commands import Commands
from lana.lib.parts import AN_OP, Parts, Verb
from lana.lib.pg.database import Database

PAGE: Final = 4 * AN_OP


class Pages:
    """`sql` takes a day, the last id of the page before, and a limit; it answers ids in order."""

    def __init__(self, db: Database, commands: Commands, actor: Actor, sql: str) -> None:
        self._db = db
        self._parts = Parts(commands, actor)
        self._sql = sql

    async def page(self, closing: Closing, cursor: str | None, day: date, verb: Verb) -> PageDone:
        after = UUID(cursor) if cursor else UUID(int=0)
        ids = [row[0] for row in await self._db.fetch(self._sql, [day, after, PAGE])]
        done, failures = await self._parts.do(verb, ids, closing)
        return PageDone(str(ids[-1]) if len(ids) == PAGE else None, done, failures)
