"""What failed for good and waits for a person: events parked by processors, jobs that are out of tries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from lana.app.app import App
from lana.lib.jobs import JobRunner
from lana.lib.outbox.processor import ProcessorRunner

LIMIT: Final = 1000

_PARKED = """
select processor, sequence, entity, attempts, error, parked_at from parked_events
 order by processor, sequence limit %b::int8
"""
_FAILED = """
select f.job_id, f.name, f.error, f.failed_at from failed_jobs f
  join procrastinate_jobs j on j.id = f.job_id and j.status = 'failed' order by f.job_id limit %b::int8
"""


class ParkedEvent(msgspec.Struct, frozen=True):
    processor: str
    sequence: int
    entity: str
    attempts: int
    error: str
    parked_at: datetime


class FailedJob(msgspec.Struct, frozen=True):
    job_id: int
    name: str
    error: str
    failed_at: datetime


class Stuck(msgspec.Struct, frozen=True):
    """At most `LIMIT` of each."""

    events: Sequence[ParkedEvent]
    jobs: Sequence[FailedJob]


async def stuck(app: App) -> Stuck:
    events = [ParkedEvent(*row) for row in await app.db.fetch(_PARKED, [LIMIT])]
    return Stuck(events, [FailedJob(*row) for row in await app.db.fetch(_FAILED, [LIMIT])])


async def replay_parked(app: App, name: str) -> int:
    """Handle a processor's parked events again, in order; answers how many. Raises what the first to fail
    raises.

    KeyError when no processor has that name.
    """
    processor = {each.name: each for each in app.processors}[name]
    return await ProcessorRunner(processor, app.db, app.commands, app.tail).replay_parked(LIMIT)


async def retry_job(app: App, job_id: int) -> None:
    """Give a failed job all its tries again. `JobNotFailed` for any other."""
    await JobRunner(app.db, app.jobs).retry(job_id)
