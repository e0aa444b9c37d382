"""A clock that stands still until it is advanced, one for all processes of the bank.

The time is one row of `bank_clock`, written by the Op that advances it (`lana.core.time`). `now()` answers
from memory; a listener and a poll behind it bring an advance made elsewhere here within `POLL_SECONDS`.
Guarantees: it never goes back, in any process (the table refuses it, and so does this memory). Cost: one
connection per process. What breaks it: a process with the real clock on the same database.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Self, cast

import psycopg
import structlog

from lana.lib.pg.database import Connection, Database, connect
from lana.lib.tasks import end_if_cancelled, going_on

log = structlog.get_logger()

POLL_SECONDS = 0.5

READ = "select at from bank_clock"
LISTEN = b"listen lana_clock"


class ManualClock:
    """Enter it to follow the bank's clock; until the bank has one, `now()` is `start_at`."""

    is_manual: bool = True

    def __init__(self, db: Database, start_at: datetime | None = None) -> None:
        self._db: Database = db
        self._at: datetime = (start_at or datetime.now(UTC)).astimezone(UTC)
        self._known: bool = False
        self._task: asyncio.Task[None] | None = None

    def now(self) -> datetime:
        return self._at

    async def __aenter__(self) -> Self:
        await self.refresh()
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def refresh(self) -> None:
        """Look now: after an advance of one's own."""
        for (at,) in await self._db.fetch(READ):
            self._see(cast("datetime", at))

    def _see(self, at: datetime) -> None:
        if (
            at > self._at or not self._known
        ):  # what the bank's clock says counts more than the configured start
            self._at = at.astimezone(UTC)
            self._known = True

    async def _follow(self) -> None:
        while going_on():
            try:
                async with await connect(self._db.dsn) as connection:
                    await connection.execute(LISTEN)
                    await self._follow_on(connection)
            except psycopg.Error as error:
                end_if_cancelled(error)
                log.warning("the clock lost its connection", error=str(error))
            await asyncio.sleep(POLL_SECONDS)

    async def _follow_on(self, connection: Connection) -> None:
        while going_on():
            row = await (await connection.execute(READ.encode())).fetchone()
            if row:
                self._see(cast("datetime", row[0]))
            async for _ in connection.notifies(timeout=POLL_SECONDS, stop_after=1):
                pass
