"""Jobs: effects outside the database, deferred in the Op that wants them, run by procrastinate.

At least once: every job is idempotent. A failing job is tried `attempts` times (1 s doubling to 1 h, ± 20 %);
one that fails for good stays in procrastinate's table as `failed` with its error beside it, and can be
retried. A job whose worker died (no heartbeat for `STALLED_SECONDS`) is run by another; that counts as a try.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import ClassVar, Protocol, runtime_checkable

import procrastinate
import psycopg
import structlog
from procrastinate.exceptions import ConnectorException
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job as StoredJob
from procrastinate.jobs import Status

from lana.lib.errors import Refusal
from lana.lib.pg.database import Database, session
from lana.lib.tasks import end_if_cancelled, going_on

log = structlog.get_logger()

ATTEMPTS = 30
RESCUE_SECONDS = 10.0
STALLED_SECONDS = 30.0


class WorkerDied(Exception):
    """The worker of a job's last try is gone."""


class JobNotFailed(Refusal):
    """Only a job that failed for good can be tried again by hand."""

    def __init__(self, job_id: int) -> None:
        super().__init__(f"no failed job has the number {job_id}")


class Job(Protocol):
    """One kind of job: named `<domain>.<verb-noun>`."""

    name: ClassVar[str]

    async def run(self, args: Mapping[str, object]) -> None:
        """The effect. Raises to be tried again."""
        ...


@runtime_checkable
class GivesUp(Protocol):
    """A job that has something to say when its last try failed, e.g. that what it was to make will not come.

    Called at most once a failure, and not at all when the process dies just then; it must be able to run
    after the job was tried again by hand.
    """

    async def gave_up(self, args: Mapping[str, object], error: str) -> None: ...


class BackOff(procrastinate.BaseRetryStrategy):
    """1 s × 2^(n−1), ± 20 %, never above an hour."""

    def __init__(self, attempts: int = ATTEMPTS) -> None:
        self.attempts = attempts

    def get_retry_decision(
        self, *, exception: BaseException, job: StoredJob
    ) -> procrastinate.RetryDecision | None:
        if job.attempts + 1 >= self.attempts:
            return None
        seconds = min(2.0**job.attempts, 3600.0) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter
        return procrastinate.RetryDecision(retry_in={"seconds": max(1, round(seconds))})


class JobRunner:
    """All kinds of jobs of this process and the worker that runs them."""

    def __init__(self, db: Database, jobs: Sequence[Job]) -> None:
        self._db = db
        self._known = {job.name: job for job in jobs}
        self.app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(conninfo=session(db.dsn), min_size=1, max_size=4)
        )
        for job in jobs:
            self._register(job)

    def _register(self, job: Job) -> None:
        strategy = BackOff()

        async def run(context: JobContext, **args: object) -> None:
            try:
                await job.run(args)
            except Exception as error:
                stored = context.job
                last = stored.attempts + 1 >= strategy.attempts
                level = log.error if last or stored.attempts >= 3 else log.warning
                level(
                    "job failed", job=job.name, id=stored.id, attempt=stored.attempts + 1, error=repr(error)
                )
                if last:
                    await self._record_failure(stored, error)
                raise

        self.app.task(name=job.name, retry=strategy, pass_context=True)(run)

    async def _record_failure(self, job: StoredJob, error: Exception) -> None:
        await self._db.fetch(
            "insert into failed_jobs (job_id, name, args, error)"
            " select id, task_name, args, %b::text from procrastinate_jobs where id = %b::int8"
            " on conflict (job_id) do update set error = excluded.error, failed_at = clock_timestamp()",
            [repr(error)[:2000], job.id],
        )
        known = self._known.get(job.task_name)
        if isinstance(known, GivesUp):
            try:
                await known.gave_up(job.task_kwargs, repr(error)[:2000])
            except Exception as fault:  # noqa: BLE001 - the failure itself is recorded
                end_if_cancelled(fault)
                log.error("a failed job could not say so", job=job.task_name, id=job.id, error=repr(fault))

    async def retry(self, job_id: int) -> None:
        """Give a job that failed for good all its tries again. `JobNotFailed` for any other."""
        async with self.app.open_async():
            failed = await self._db.fetch(
                "select 1 from procrastinate_jobs where id = %b::int8 and status = 'failed'", [job_id]
            )
            if not failed:
                raise JobNotFailed(job_id)
            await self.app.job_manager.retry_job_by_id_async(job_id, datetime.now(UTC))
        await self._db.fetch("update procrastinate_jobs set attempts = 0 where id = %b::int8", [job_id])
        await self._db.fetch("delete from failed_jobs where job_id = %b::int8", [job_id])

    async def run(self, concurrency: int = 10) -> None:
        """Work until cancelled; a running job gets five seconds to end."""
        async with self.app.open_async():
            rescuing = asyncio.create_task(self._rescue())
            try:
                await self.app.run_worker_async(
                    concurrency=concurrency,
                    install_signal_handlers=False,
                    shutdown_graceful_timeout=5,
                    fetch_job_polling_interval=2,
                    listen_notify=True,
                    stalled_worker_timeout=STALLED_SECONDS,
                )
            finally:
                rescuing.cancel()
                await asyncio.gather(rescuing, return_exceptions=True)

    async def _rescue(self) -> None:
        """Every worker looks for the jobs of dead ones; whoever comes second finds the job taken."""
        manager = self.app.job_manager
        while going_on():
            try:
                for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
                    log.warning(
                        "job of a dead worker", job=job.task_name, id=job.id, attempt=job.attempts + 1
                    )
                    if job.attempts + 1 < ATTEMPTS:
                        await manager.retry_job(job)
                    else:
                        await self._record_failure(job, WorkerDied())
                        await manager.finish_job(job, Status.FAILED, delete_job=False)
            except (ConnectorException, psycopg.Error) as error:
                end_if_cancelled(error)
                log.warning("jobs of dead workers not looked for, or taken by another", reason=str(error))
            await asyncio.sleep(RESCUE_SECONDS)
