"""A clock that stands still until it is advanced, one for all processes of the bank.

The time is one row of `bank_clock`. `now()` answers from memory; a listener and a poll behind it bring an advance made
elsewhere here within `POLL_SECONDS`. Guarantees: it never goes back, in any process; advances are serialised by the
row's lock, so two callers at once advance twice, one after the other. Cost: one connection per process. What breaks it:
a process with the real clock on the same database (`open` of either says so in the log).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Self, cast

import psycopg
import structlog

from lana.lib.pg.database import Connection, Database, connect

log = structlog.get_logger()

POLL_SECONDS = 0.5
CHANNEL = "lana_clock"

READ = "select at from bank_clock"
START = "insert into bank_clock (at, started_at) values (%b::timestamptz, %b::timestamptz) on conflict (one) do nothing"
LOCK = "select at from bank_clock for update"
MOVE = "update bank_clock set at = %b::timestamptz where at < %b::timestamptz returning at"
TELL = f"select pg_notify('{CHANNEL}', '')"


class ManualClock:
    """`async with ManualClock(db, start_at) as clock:`. `start_at` counts only where the bank has no clock yet."""

    is_manual: bool = True

    def __init__(self, db: Database, start_at: datetime | None = None) -> None:
        self._db: Database = db
        self._start: datetime = start_at or datetime.now(UTC)
        self._at: datetime = self._start
        self._moved: asyncio.Event = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def now(self) -> datetime:
        return self._at

    async def __aenter__(self) -> Self:
        await self._db.fetch(START, [self._start, self._start])
        rows = await self._db.fetch(READ)
        self._at = cast("datetime", rows[0][0]).astimezone(UTC)
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def advance(self, target: Callable[[datetime], datetime]) -> datetime:
        """Move to `target(current)`; answers where the clock stands. A target in the past moves nothing."""
        async with self._db.transaction() as connection:
            row = await (await connection.execute(LOCK)).fetchone()
            if row is None:
                raise RuntimeError("the bank's clock has no row")
            current = cast("datetime", row[0]).astimezone(UTC)
            to = target(current)
            moved = await (await connection.execute(MOVE.encode(), [to, to])).fetchone()
            await connection.execute(TELL.encode())
        self._see(to if moved else current)
        return self._at

    async def wait(self, seconds: float) -> None:
        """Until the clock moves, at most `seconds` of real time."""
        self._moved.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._moved.wait()
        except TimeoutError:
            return

    def _see(self, at: datetime) -> None:
        if at > self._at:
            self._at = at
            self._moved.set()

    async def _follow(self) -> None:
        while True:
            try:
                async with await connect(self._db.dsn) as connection:
                    await connection.execute(f"listen {CHANNEL}".encode())
                    await self._follow_on(connection)
            except psycopg.Error as error:
                log.warning("the clock lost its connection", error=str(error))
            await asyncio.sleep(POLL_SECONDS)

    async def _follow_on(self, connection: Connection) -> None:
        while True:
            row = await (await connection.execute(READ.encode())).fetchone()
            if row:
                self._see(cast("datetime", row[0]).astimezone(UTC))
            async for _ in connection.notifies(timeout=POLL_SECONDS, stop_after=1):
                pass
