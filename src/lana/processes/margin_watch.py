"""Sweeps the portfolio when something happened, in one process at a time."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from lana.core.credit import MarginMonitor
from lana.lib.pg.database import Database, connect
from lana.lib.tasks import end_if_cancelled, going_on

log = structlog.get_logger()

# a session's advisory lock: it ends with its holder's connection, however that dies; two who sweep at once
# harm nobody, since every move guards what it rests on
LOCK: Final = 5463
TICK_SECONDS: Final = 0.5


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
                    cursor = await connection.execute(b"select pg_try_advisory_lock(%b::int8)", [LOCK])
                    row = await cursor.fetchone()
                    while row and row[0] and going_on():
                        await self._monitor.sweep()
                        await connection.execute(b"select 1")
                        await asyncio.sleep(TICK_SECONDS)
            except Exception as error:  # noqa: BLE001 - whatever ended a sweep, prices go on and so does the watch
                end_if_cancelled(error)
                log.warning("margin watch interrupted", reason=repr(error))
            await asyncio.sleep(TICK_SECONDS)
