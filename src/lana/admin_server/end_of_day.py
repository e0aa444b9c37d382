"""The runs that end the bank's days, for whoever watches them."""

from __future__ import annotations

from datetime import date, datetime

import strawberry

from lana.admin_server.common import Info
from lana.lib.pg.page import Page
from lana.processes.end_of_day import Failure, Run, StepProgress

MOST = 100


@strawberry.type
class EndOfDayStep:
    step: str
    state: str
    done: int
    failed: int
    started_at: datetime
    completed_at: datetime | None

    @classmethod
    def of(cls, step: StepProgress) -> EndOfDayStep:
        return cls(
            step=step.step,
            state=step.state,
            done=step.done,
            failed=step.failed,
            started_at=step.started_at,
            completed_at=step.completed_at,
        )


@strawberry.type
class EndOfDayFailure:
    """What a run went past, and why; it is tried again, and the next run finds it too."""

    step: str
    item: str
    error: str
    failed_at: datetime

    @classmethod
    def of(cls, failure: Failure) -> EndOfDayFailure:
        return cls(step=failure.step, item=failure.item, error=failure.error, failed_at=failure.failed_at)


@strawberry.type
class EndOfDayRun:
    """`retryAt`: when a failed one is tried again, or what a completed one went past."""

    day: date
    closing_time: datetime
    state: str
    attempts: int
    error: str | None
    retry_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    steps: list[EndOfDayStep]
    failures: list[EndOfDayFailure]

    @classmethod
    def of(cls, run: Run) -> EndOfDayRun:
        return cls(
            day=run.closing.day,
            closing_time=run.closing.instant,
            state=run.state,
            attempts=run.attempts,
            error=run.error,
            retry_at=run.retry_at,
            started_at=run.started_at,
            completed_at=run.completed_at,
            steps=[EndOfDayStep.of(step) for step in run.steps],
            failures=[EndOfDayFailure.of(failure) for failure in run.failures],
        )


@strawberry.type
class Query:
    @strawberry.field
    async def end_of_day_runs(self, info: Info, first: int) -> list[EndOfDayRun]:
        """The newest ones, at most a hundred."""
        info.context.app.time.check_may_watch(info.context.ctx)
        runs = await info.context.app.end_of_day.runs.latest(Page(first).size(MOST))
        return [EndOfDayRun.of(run) for run in runs]
