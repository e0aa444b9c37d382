"""What a worker process does: event processors, jobs, the end of the day, and keeping house."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from lana.app.app import App
from lana.lib.jobs import JobRunner
from lana.lib.outbox.processor import ProcessorRunner
from lana.lib.pg.database import Database
from lana.lib.tasks import end_if_cancelled, going_on
from lana.processes.margin_watch import MarginWatch
from lana.processes.observation import Observation
from lana.processes.price_fetch import PriceFetch

log = structlog.get_logger()

KEYS_KEPT_DAYS = 30
SWEEP_SECONDS = 60.0
SWEEP_ROWS = 10_000
RESTART_SECONDS = 2.0
SEAL_SECONDS = 60.0
SEALED_AT_ONCE = 5_000

_SWEEP = """
delete from idempotency_keys where ctid in (
    select ctid from idempotency_keys
     where created_at < clock_timestamp() - make_interval(days => %b::int8::int)
     limit %b::int8)
"""


@asynccontextmanager
async def working(app: App) -> AsyncGenerator[None]:
    """Everything a worker runs, until the block is left; leases then pass on at once."""
    runners = [ProcessorRunner(processor, app.db, app.commands, app.tail) for processor in app.processors]
    tasks = [
        *(asyncio.create_task(runner.run()) for runner in runners),
        asyncio.create_task(_jobs(app)),
        asyncio.create_task(app.end_of_day.run()),
        asyncio.create_task(MarginWatch(app.db, app.credit.margin_monitor).run()),
        asyncio.create_task(sweep(app.db)),
        asyncio.create_task(keep_sealing(app)),
        asyncio.create_task(Observation(app.db).run()),
        asyncio.create_task(PriceFetch(app.db, app.commands, app.prices).run()),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(runner.release() for runner in runners), return_exceptions=True)


async def _jobs(app: App) -> None:
    """The job worker, started again when the database was away."""
    while going_on():
        try:
            await JobRunner(app.db, app.jobs).run(app.config.app.job_poller.min_jobs_per_process)
        except Exception as error:  # noqa: BLE001 - a worker outlives whatever ended its turn
            end_if_cancelled(error)
            log.warning("job worker ended, starting again", reason=repr(error))
            await asyncio.sleep(RESTART_SECONDS)


async def sweep(db: Database) -> None:
    """Forget idempotency keys after 30 days, a bounded number at a time."""
    while going_on():
        try:
            await db.fetch(_SWEEP, [KEYS_KEPT_DAYS, SWEEP_ROWS])
        except (psycopg.Error, PoolTimeout) as error:
            end_if_cancelled(error)
            log.warning("old keys not swept", reason=str(error))
        await asyncio.sleep(SWEEP_SECONDS)


async def keep_sealing(app: App) -> None:
    """Put posted transactions into the hash chain, once a minute; one worker at a time does it."""
    while going_on():
        try:
            while (
                going_on()
                and await app.books.seal(app.bank_time.now(), most=SEALED_AT_ONCE) == SEALED_AT_ONCE
            ):
                pass
        except (psycopg.Error, PoolTimeout) as error:
            end_if_cancelled(error)
            log.warning("transactions not sealed", reason=str(error))
        await asyncio.sleep(SEAL_SECONDS)
