"""What every test of faults and bad input ends with: the books are right, and nothing half-done was left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from lana.app import App
from lana.app.verify import verify
from lana.lib.outbox.processor import ProcessorRunner
from lana.lib.pg.database import Database

COUNTED = (
    *("events", "outbox", "claims", "public_ids", "procrastinate_jobs", "personal_data"),
    *("cala.transactions", "cala.entries", "cala.accounts", "cala.balances"),
)


async def assert_clean(app: App) -> None:
    """Everything `lana-cli verify` looks at."""
    assert {finding.check: finding.violations for finding in await verify(app) if not finding.clean} == {}


async def effects(db: Database) -> Mapping[str, int]:
    """How many rows there are of everything a command can leave, and of every entity's state."""
    tables = (*COUNTED, *sorted(repo.table for repo in db.repos.values()))
    (counts,) = await db.fetch("select " + ", ".join(f"(select count(*) from {table})" for table in tables))
    return dict(zip(tables, counts, strict=True))


@asynccontextmanager
async def no_effect(db: Database) -> AsyncIterator[None]:
    """What is done inside leaves no trace of an effect. Refusals are in the audit, which is not counted."""
    before = await effects(db)
    yield
    assert await effects(db) == before


@asynccontextmanager
async def processing(app: App) -> AsyncIterator[list[ProcessorRunner]]:
    """All event processors of the bank run inside; leases pass on at the end."""
    runners = [ProcessorRunner(processor, app.db, app.commands, app.tail) for processor in app.processors]
    tasks = [asyncio.create_task(runner.run()) for runner in runners]
    try:
        yield runners
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(runner.release() for runner in runners))


async def settle(app: App, seconds: float = 20) -> None:
    """Every processor has seen every event, those of the processors themselves too."""
    async with processing(app) as runners:
        await caught_up(app, runners, seconds)


async def caught_up(app: App, runners: Sequence[ProcessorRunner], seconds: float = 20) -> None:
    """What `settle` says, of processors that run already."""
    async with asyncio.timeout(seconds):
        while True:
            last = (await app.db.fetch("select coalesce(max(sequence), 0) from outbox"))[0][0]
            if all(runner.checkpoint >= last for runner in runners):
                return
            await asyncio.sleep(0.02)
