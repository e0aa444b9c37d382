"""Sweeps the portfolio as soon as a price is written, in one process at a time.

Every worker listens (`PRICE_CHANNEL`) and whoever is woken asks for the lead. No wake-up is lost to a leader
that is at work: it listened before it looked, so a price committed later than its look is told to its
connection and read after the sweep. One that was lost (the connection was, a leader died over it) costs
`POLL_SECONDS`. Cost: a connection in each worker, one statement a turn.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

import structlog

from lana.core.credit import MarginMonitor
from lana.core.price import PRICE_CHANNEL
from lana.lib.pg.database import Connection, Database, connect
from lana.lib.tasks import end_if_cancelled, going_on

log = structlog.get_logger()

# a session's advisory lock: it ends with its holder's connection, however that dies; two who sweep at once
# harm nobody, since every move guards what it rests on
LOCK: Final = 5463
# the server asks a silent leader's machine whether it is still there: its lock is free after 20 s, not two
# hours
ALIVE: Final = (
    b"select set_config('tcp_keepalives_idle', '5', false),"
    b" set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '3', false)"
)
LISTEN: Final = f"listen {PRICE_CHANNEL}".encode()
POLL_SECONDS: Final = 5.0
MORE_SECONDS: Final = 0.5
PAUSE_SECONDS: Final = 0.5
WAIT_SECONDS: Final = 1.0


class MarginWatch:
    def __init__(self, db: Database, monitor: MarginMonitor) -> None:
        self._db = db
        self._monitor = monitor

    async def run(self) -> None:
        """Until cancelled: lead when nobody else does. A sweep that finds nobody is a few looks into
        indices.
        """
        while going_on():
            try:
                async with await connect(self._db.dsn) as connection:
                    await connection.execute(ALIVE)
                    await connection.execute(LISTEN)
                    while going_on():
                        await _news(connection, await self._turn(connection))
            except Exception as error:  # noqa: BLE001 - whatever ended a sweep, prices go on and so does the watch
                end_if_cancelled(error)
                log.warning("margin watch interrupted", reason=repr(error))
            await asyncio.sleep(PAUSE_SECONDS)

    async def _turn(self, connection: Connection) -> float:
        """A sweep, if this process leads; answers how long the next one may wait."""
        if not await _leads(connection):
            return POLL_SECONDS
        swept = await self._monitor.sweep()
        return MORE_SECONDS if swept.more else POLL_SECONDS


async def _leads(connection: Connection) -> bool:
    """Asked at every turn, so that a connection that is lost shows; who has the lock is given it again."""
    cursor = await connection.execute(b"select pg_try_advisory_lock(%b::int8)", [LOCK])
    row = await cursor.fetchone()
    return bool(row and row[0])


async def _news(connection: Connection, seconds: float) -> None:
    """Until a price was written, or so many seconds are over; in short waits (`lana.lib.tasks`)."""
    until = time.monotonic() + seconds
    while going_on() and (left := until - time.monotonic()) > 0:
        waited = connection.notifies(timeout=min(left, WAIT_SECONDS), stop_after=1)
        if [each async for each in waited]:
            return
