"""The record of runs: what an operator sees, and where a run goes on after a crash."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

import msgspec

from lana.lib.pg.database import Database
from lana.processes.end_of_day.step import Closing, ItemFailure, PageDone

MAX_ERROR: Final = 2_000
MAX_RETRIES: Final = 6
"""Of what a run went past, after 10, 20, 40 … minutes: ten hours and a half in all."""

_RUN = "day, closing_time, timezone, state, attempts, error, retry_at, started_at, completed_at"
_NEXT = (
    f"select {_RUN}, coalesce(retry_at > clock_timestamp(), false) from end_of_day_runs"
    " where state <> 'completed' order by day limit 1"
)
_BEGIN = (
    "update end_of_day_runs set state = 'running', attempts = attempts + 1, retry_at = null,"
    " started_at = coalesce(started_at, clock_timestamp()) where day = %b::date"
)
_FAIL = (
    "update end_of_day_runs set state = 'failed', error = %b::text,"
    " retry_at = clock_timestamp() + least(power(2, least(attempts, 12)), 3600) * interval '1 second'"
    " where day = %b::date"
)
_COMPLETE = (
    "update end_of_day_runs r set state = 'completed', error = null, completed_at = clock_timestamp(),"
    " retry_at = case when retries < %b::int8"
    " and exists (select from end_of_day_failures f where f.day = r.day)"
    " then clock_timestamp() + power(2, retries) * interval '10 minutes' end where day = %b::date"
)
_REOPEN = (
    "with reopened as ("
    "update end_of_day_runs set state = 'pending', retries = retries + 1, retry_at = null"
    " where day = (select max(day) from end_of_day_runs)"
    " and state = 'completed' and retry_at <= clock_timestamp() returning day)"
    " update end_of_day_steps s set state = 'running', cursor = null, failed = 0,"
    " started_at = clock_timestamp(), completed_at = null from reopened where s.day = reopened.day"
    " and s.position >= (select min(position) from end_of_day_steps"
    " join end_of_day_failures using (day, step) where day = reopened.day)"
)
_OPEN_STEP = (
    "insert into end_of_day_steps (day, step, position, state)"
    " values (%b::date, %b::text, %b::int8, 'running')"
    " on conflict (day, step) do nothing"
)
_STEP = "select state, cursor from end_of_day_steps where day = %b::date and step = %b::text"
_PAGE = (
    "update end_of_day_steps set cursor = %b::text, done = done + %b::int8, failed = failed + %b::int8,"
    " state = case when %b::bool then 'completed' else 'running' end,"
    " completed_at = case when %b::bool then clock_timestamp() end where day = %b::date and step = %b::text"
)
_FAILURE = (
    "insert into end_of_day_failures (day, step, item, error)"
    " select %b::date, %b::text, x.item, x.error from unnest(%b::text[], %b::text[]) as x(item, error)"
    " on conflict (day, step, item) do update set error = excluded.error, failed_at = clock_timestamp()"
)
_FORGET = (
    "delete from end_of_day_failures f using end_of_day_steps s"
    " where f.day = s.day and f.step = s.step and f.failed_at < s.started_at"
    " and s.day = %b::date and s.step = %b::text"
)
_NUDGE = (
    "update end_of_day_runs r set retry_at = clock_timestamp() where state = 'failed'"
    " or (state = 'completed' and day = (select max(day) from end_of_day_runs)"
    " and exists (select from end_of_day_failures f where f.day = r.day)) returning day"
)
_STEPS = (
    "select day, step, state, done, failed, started_at, completed_at from end_of_day_steps"
    " where day = any(%b::date[]) order by day desc, position"
)
_OPEN_COUNT = "select count(*) from end_of_day_runs where state <> 'completed'"


_FAILURES = (
    "select day, step, item, error, failed_at from end_of_day_failures where day = any(%b::date[])"
    " order by day desc, step, item limit %b::int8"
)
MAX_FAILURES: Final = 1_000


class Failure(msgspec.Struct, frozen=True):
    """What a run went past, and why; it is tried again, and the next run finds it too."""

    step: str
    item: str
    error: str
    failed_at: datetime


class StepProgress(msgspec.Struct, frozen=True):
    step: str
    state: str
    done: int
    failed: int
    started_at: datetime
    completed_at: datetime | None


class Run(msgspec.Struct, frozen=True):
    closing: Closing
    state: str
    attempts: int
    error: str | None
    retry_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    waiting: bool = False
    steps: Sequence[StepProgress] = ()
    failures: Sequence[Failure] = ()


def _run(row: Sequence[Any]) -> Run:
    return Run(Closing(row[0], row[1], row[2]), *row[3:10])


class Runs:
    def __init__(self, db: Database) -> None:
        self._db: Database = db

    async def next_open(self) -> Run | None:
        """The earliest run that is not completed; `waiting` while its next try is not due."""
        rows = await self._db.fetch(_NEXT)
        return _run(rows[0]) if rows else None

    async def open_count(self) -> int:
        return (await self._db.fetch(_OPEN_COUNT))[0][0]

    async def begin(self, day: date) -> None:
        await self._db.fetch(_BEGIN, [day])

    async def fail(self, day: date, error: str) -> None:
        """Tried again after 2, 4, 8 … seconds, at most an hour."""
        await self._db.fetch(_FAIL, [error[:MAX_ERROR].replace("\0", ""), day])

    async def complete(self, day: date) -> None:
        """What it went past is tried again, as often as `MAX_RETRIES`."""
        await self._db.fetch(_COMPLETE, [MAX_RETRIES, day])

    async def reopen(self) -> None:
        """The newest run, when what it went past is to be tried again: from the first step that went past
        something, its steps begin anew. What older runs went past, newer ones try.
        """
        await self._db.fetch(_REOPEN)

    async def open_step(self, day: date, step: str, position: int) -> tuple[bool, str | None]:
        """(already completed, where it goes on)."""
        await self._db.fetch(_OPEN_STEP, [day, step, position])
        rows = await self._db.fetch(_STEP, [day, step])
        return rows[0][0] == "completed", rows[0][1]

    async def page_done(self, day: date, step: str, page: PageDone) -> None:
        finished = page.cursor is None
        if page.failures:
            await self._keep_failures(day, step, page.failures)
        if finished:
            await self._db.fetch(_FORGET, [day, step])
        values = [page.cursor, page.done, len(page.failures), finished, finished, day, step]
        await self._db.fetch(_PAGE, values)

    async def _keep_failures(self, day: date, step: str, failures: Sequence[ItemFailure]) -> None:
        errors = [failure.error[:MAX_ERROR].replace("\0", "") for failure in failures]
        await self._db.fetch(_FAILURE, [day, step, [failure.item for failure in failures], errors])

    async def nudge(self) -> int:
        """Let a failed run, and what the newest one went past, be tried at once; answers how many runs these
        are.
        """
        return len(await self._db.fetch(_NUDGE))

    async def latest(self, limit: int) -> list[Run]:
        """For people: newest first, with their steps and, up to a bound, what they went past."""
        rows = await self._db.fetch(
            f"select {_RUN}, false from end_of_day_runs order by day desc limit %b::int8", [limit]
        )
        runs = [_run(row) for row in rows]
        steps: dict[date, list[StepProgress]] = {}
        for row in await self._db.fetch(_STEPS, [[run.closing.day for run in runs]]):
            steps.setdefault(row[0], []).append(StepProgress(*row[1:]))
        failures: dict[date, list[Failure]] = {}
        days = [run.closing.day for run in runs]
        for row in await self._db.fetch(_FAILURES, [days, MAX_FAILURES]):
            failures.setdefault(row[0], []).append(Failure(*row[1:]))
        return [
            msgspec.structs.replace(
                run, steps=steps.get(run.closing.day, []), failures=failures.get(run.closing.day, [])
            )
            for run in runs
        ]
