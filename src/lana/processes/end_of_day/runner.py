"""Runs the ends of days, one after another, in one process at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Final

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from lana.lib.errors import Refusal
from lana.lib.pg.database import Connection, Database, connect
from lana.lib.tasks import end_if_cancelled, going_on
from lana.lib.telemetry import counter, gauge, span
from lana.processes.end_of_day.producer import Producer
from lana.processes.end_of_day.runs import Run, Runs
from lana.processes.end_of_day.step import Step

log = structlog.get_logger()

# a session's advisory lock: it ends with its holder's connection, however that dies; a run that loses it
# meanwhile is harmless, because pages may be done twice
LOCK: Final = 5462
TICK_SECONDS: Final = 0.5
MAX_RUNS: Final = 31
MAX_PAGES: Final = 100_000

OPEN_RUNS = gauge("lana_end_of_day_open_runs", "Ends of days that are not completed")
LAST_DAY = gauge("lana_end_of_day_last_published_days", "Last published day, in days since 1970-01-01")
FAILURES = counter("lana_end_of_day_failures_total", "Tries of a run that ended in an error", ("step",))
LEFT = counter("lana_end_of_day_items_left_total", "What runs went past, left for the next one", ("step",))


class DuplicateStep(Exception):
    """A fault of this release: two steps of one name."""


class EndOfDayRunner:
    """`run()` for a worker process; `tick()` once by hand. `steps` in their order."""

    def __init__(self, db: Database, producer: Producer, steps: Sequence[Step]) -> None:
        names = [step.name for step in steps]
        if len(set(names)) != len(names):
            raise DuplicateStep(", ".join(names))
        self.runs = Runs(db)
        self.steps = tuple(steps)
        self._db = db
        self._producer = producer

    async def run(self) -> None:
        """Until cancelled: lead when nobody else does."""
        while going_on():
            try:
                async with self.leading() as leader:
                    while leader and going_on():
                        await self.tick()
                        await leader.execute(b"select 1")
                        await asyncio.sleep(TICK_SECONDS)
            except (psycopg.Error, PoolTimeout, Refusal) as error:
                end_if_cancelled(error)
                log.warning("end of day interrupted", reason=str(error))
            await asyncio.sleep(TICK_SECONDS)

    @asynccontextmanager
    async def leading(self) -> AsyncGenerator[Connection | None]:
        """The connection that holds the lock, or None when another process does."""
        async with await connect(self._db.dsn) as connection:
            cursor = await connection.execute(b"select pg_try_advisory_lock(%b::int8)", [LOCK])
            row = await cursor.fetchone()
            yield connection if row and row[0] else None

    async def tick(self) -> int:
        """Publish what is missing and run what is open, in order, also what the newest run went past when it
        is to be tried again; answers how many runs were completed.
        """
        await self._producer.produce()
        await self.runs.reopen()
        completed = 0
        while completed < MAX_RUNS:
            run = await self.runs.next_open()
            if run is None or run.waiting or not await self._run(run):
                break
            completed += 1
        await self._measure()
        return completed

    async def _run(self, run: Run) -> bool:
        day = run.closing.day
        await self.runs.begin(day)
        with span("end of day", day=day.isoformat()):
            for position, step in enumerate(self.steps):
                if not await self._guarded(run, step, position):
                    return False
        await self.runs.complete(day)
        log.info("day ended", day=day.isoformat(), steps=len(self.steps))
        return True

    async def _guarded(self, run: Run, step: Step, position: int) -> bool:
        day = run.closing.day
        try:
            await self._step(run, step, position)
        except Exception as error:
            log.error("end of day stopped", day=day.isoformat(), step=step.name, exc_info=error)
            FAILURES.labels(step.name).inc()
            await self.runs.fail(day, f"{step.name}: {type(error).__name__}: {error}")
            return False
        return True

    async def _step(self, run: Run, step: Step, position: int) -> None:
        day = run.closing.day
        completed, cursor = await self.runs.open_step(day, step.name, position)
        if completed:
            return
        for _ in range(MAX_PAGES):
            page = await step.page(run.closing, cursor)
            if page.cursor is not None and page.cursor == cursor:
                raise RuntimeError(f"step {step.name} does not move on from {cursor!r}")
            await self.runs.page_done(day, step.name, page)
            if page.failures:
                LEFT.labels(step.name).inc(len(page.failures))
                log.warning("left for the next run", step=step.name, items=len(page.failures))
            if page.cursor is None:
                return
            cursor = page.cursor
        raise RuntimeError(f"step {step.name} has more than {MAX_PAGES} pages")

    async def _measure(self) -> None:
        last = await self._producer.last_published_day()
        if last:
            LAST_DAY.set((last - date(1970, 1, 1)).days)
        OPEN_RUNS.set(await self.runs.open_count())
