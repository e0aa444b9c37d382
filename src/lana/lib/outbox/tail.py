"""The outbox's growing end, read once per process for everybody who waits for news.

Guarantees: events in commit order, none skipped (sequences are given under a lock that is held to the commit,
so a reader's "greater than my last one" can never be overtaken). NOTIFY only wakes; a poll stands behind it.
Bounds: a page of `PAGE` rows, `QUEUE` events per subscriber (a subscriber that falls behind is cut off,
`Lagged`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import cast

import msgspec
import psycopg
import structlog

from lana.lib.outbox.event import PublicEvent, decode
from lana.lib.pg.database import Database, connect
from lana.lib.tasks import end_if_cancelled, going_on

log = structlog.get_logger()

PAGE = 500
QUEUE = 1000
POLL_SECONDS = 1.0


class Lagged(Exception):
    """A subscriber did not keep up with the outbox."""


class Delivered(msgspec.Struct, frozen=True):
    """One row of the outbox. `event` is None when this release does not know its type."""

    sequence: int
    event: PublicEvent | None
    context: dict[str, str]
    recorded_at: datetime


async def read_after(db: Database, sequence: int, limit: int = PAGE) -> Sequence[Delivered]:
    """The next events after a sequence, in order."""
    rows = await db.fetch(
        "select sequence, payload, context, recorded_at from outbox where sequence > %b::int8"
        " order by sequence limit %b::int8",
        [sequence, limit],
    )
    return [Delivered(r[0], decode(r[1]), msgspec.json.decode(r[2], type=dict[str, str]), r[3]) for r in rows]


class Tail:
    """`async with Tail(db) as tail:`; then `tail.wait(seen)` for processors,
    `tail.subscribe(…)` for streams.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._last = 0
        self._announced = 0
        self._waiting = 0
        self._subscribers: dict[asyncio.Queue[Delivered | None], Callable[[PublicEvent], bool]] = {}
        self._news = asyncio.Condition()
        self._tasks: list[asyncio.Task[None]] = []
        self._wake = asyncio.Event()

    async def __aenter__(self) -> Tail:
        rows = await self._db.fetch("select coalesce(max(sequence), 0) from outbox")
        self._last = cast("int", rows[0][0])
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._read())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for queue in self._subscribers:
            with suppress(asyncio.QueueFull):
                queue.put_nowait(None)

    async def wait(self, seen: int, timeout: float = POLL_SECONDS) -> None:
        """Until the outbox has more than `seen`, at most `timeout` seconds."""
        self._waiting += 1
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout), self._news:
                    await self._news.wait_for(lambda: self._last > seen)
        finally:
            self._waiting -= 1

    @asynccontextmanager
    async def subscribe(
        self, wanted: Callable[[PublicEvent], bool]
    ) -> AsyncGenerator[AsyncIterator[Delivered]]:
        """Events from now on for which `wanted` says yes. Raises `Lagged` into a reader that is too slow."""
        queue: asyncio.Queue[Delivered | None] = asyncio.Queue(QUEUE)
        self._subscribers[queue] = wanted
        try:
            yield self._drain(queue)
        finally:
            self._subscribers.pop(queue, None)

    async def _drain(self, queue: asyncio.Queue[Delivered | None]) -> AsyncIterator[Delivered]:
        while True:
            delivered = await queue.get()
            if delivered is None:
                if queue not in self._subscribers:
                    raise Lagged
                return
            yield delivered

    async def _listen(self) -> None:
        """Turn notifications into wake-ups; a lost connection is replaced, the poll bridges the gap."""
        while going_on():
            try:
                connection = await connect(self._db.dsn, statement_ms=0)
                async with connection:
                    await connection.execute("listen lana_outbox")
                    while going_on():
                        async for notification in connection.notifies(timeout=POLL_SECONDS):
                            self._announced = max(self._announced, int(notification.payload))
                            self._wake.set()
            except psycopg.Error as error:
                end_if_cancelled(error)
                log.warning("outbox listener lost its connection", error=str(error))
            await asyncio.sleep(POLL_SECONDS)

    async def _read(self) -> None:
        while going_on():
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._wake.wait()
            self._wake.clear()
            try:
                await self._read_all()
            except psycopg.Error as error:
                end_if_cancelled(error)
                log.warning("outbox could not be read, trying again", error=str(error))

    async def _read_all(self) -> None:
        """Without subscribers an announced sequence is as good as its rows: all up to it are committed."""
        if not self._subscribers and self._announced > self._last:
            await self._reach(self._announced)
            return
        while page := await read_after(self._db, self._last):
            for delivered in page:
                self._deliver(delivered)
            await self._reach(page[-1].sequence)

    async def _reach(self, sequence: int) -> None:
        self._last = sequence
        if self._waiting:
            async with self._news:
                self._news.notify_all()

    def _deliver(self, delivered: Delivered) -> None:
        if delivered.event is None:
            return
        for queue, wanted in list(self._subscribers.items()):
            if not wanted(delivered.event):
                continue
            try:
                queue.put_nowait(delivered)
            except asyncio.QueueFull:
                self._subscribers.pop(queue)
                queue.get_nowait()
                queue.put_nowait(None)
