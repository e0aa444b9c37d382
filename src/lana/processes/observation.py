"""What an operator must see of work that waits or has failed, measured in the database every few seconds."""

from __future__ import annotations

import asyncio
from typing import Final

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from lana.lib.pg.database import Database
from lana.lib.tasks import end_if_cancelled, going_on
from lana.lib.telemetry import gauge

log = structlog.get_logger()

EVERY_SECONDS: Final = 10.0

OUTBOX = gauge("lana_outbox_last_sequence", "Sequence of the newest public event")
LAG = gauge("lana_processor_lag_events", "Public events a processor has not yet handled", ("processor",))
PARKED = gauge("lana_parked_events", "Events a processor gave up on, waiting for an operator", ("processor",))
JOBS = gauge("lana_jobs", "Jobs by state: todo, doing, failed", ("state",))
OLDEST_JOB = gauge("lana_jobs_oldest_due_seconds", "How long the oldest due job has waited")

_LAST = "select coalesce(max(sequence), 0) from outbox"
_PROCESSORS = (
    "select p.name, greatest((select coalesce(max(sequence), 0) from outbox) - p.checkpoint, 0),"
    " (select count(*) from parked_events e where e.processor = p.name) from processors p"
)
_JOBS = (
    "select status::text, count(*) from procrastinate_jobs"
    " where status in ('todo', 'doing', 'failed') group by 1"
)
_OLDEST = (
    "select coalesce(extract(epoch from"
    " clock_timestamp() - min(coalesce(scheduled_at, clock_timestamp()))), 0)::int8"
    " from procrastinate_jobs where status = 'todo' and scheduled_at < clock_timestamp()"
)


class Observation:
    def __init__(self, db: Database) -> None:
        self._db: Database = db

    async def run(self) -> None:
        while going_on():
            try:
                await self.measure()
            except (psycopg.Error, PoolTimeout) as error:
                end_if_cancelled(error)
                log.warning("not measured", reason=str(error))
            await asyncio.sleep(EVERY_SECONDS)

    async def measure(self) -> None:
        OUTBOX.set((await self._db.fetch(_LAST))[0][0])
        for name, lag, parked in await self._db.fetch(_PROCESSORS):
            LAG.labels(name).set(lag)
            PARKED.labels(name).set(parked)
        states = dict.fromkeys(("todo", "doing", "failed"), 0) | {
            row[0]: row[1] for row in await self._db.fetch(_JOBS)
        }
        for state, count in states.items():
            JOBS.labels(state).set(count)
        OLDEST_JOB.set((await self._db.fetch(_OLDEST))[0][0])
