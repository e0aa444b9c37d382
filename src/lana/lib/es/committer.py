"""The committer: finished Ops of all requests, written together.

Guarantees
* An Op alone commits at once; under load whatever is ready shares one transaction and one round trip (of a
  crowd of `SPLIT_AT` that finds nothing under way, first one half and then the other). No timer.
* Each Op is written wholly or not at all, and its caller learns which; expected refusals disturb nobody.
* A batch that fails for an unexpected reason is rolled back and halved until the Op at fault stands alone.
* A lost connection (cut socket, killed backend, restarted server) is not an answer: the same batch is
  submitted again on a new connection until its deadline, and the keys tell what had been committed. After the
  deadline, or when the server has no room (a full disk), all its callers are told `DatabaseUnavailable`.
* A caller that goes away does not stop its Op.

Costs: one connection, a second one when `SECOND_AT` Ops wait. Hot balance rows serialise batches for a flush,
which is why batches are big and more committers would not help.

Bounds: `MAX_OPS`, `MAX_POSTINGS`, `MAX_BYTES` a batch; `MAX_QUEUE` Ops and `MAX_WAIT` seconds in the queue,
beyond which callers get `Busy`; `DEADLINE` seconds for a batch whose connection was lost.

What would break it: two Ops of one batch that write the same entity, hold the same key or the same claim
(`_admit` keeps the second for the next batch); text placeholders instead of `%b` (ten times the CPU); an
isolation level above READ COMMITTED.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import msgspec
import psycopg
import structlog
from psycopg.errors import (
    DeadlockDetected,
    LockNotAvailable,
    QueryCanceled,
    SerializationFailure,
    UniqueViolation,
)
from psycopg.pq import TransactionStatus

from cala_ledger.pipeline import Pipeline
from lana.lib.errors import Busy, DatabaseUnavailable
from lana.lib.es.batch import UNDONE, Entry, assemble
from lana.lib.pg.database import Connection, connect
from lana.lib.pg.faults import has_no_room, is_lost

log = structlog.get_logger()

MAX_OPS = 256
MAX_POSTINGS = 1000
MAX_BYTES = 4 * 1024 * 1024
MAX_QUEUE = 2000
MAX_WAIT = 2.0
SECOND_AT = 128
SPLIT_AT = 16
DEADLINE = 30.0
TRANSIENT_TRIES = 5

TRANSIENT = (DeadlockDetected, LockNotAvailable, QueryCanceled, SerializationFailure)


class Committed(msgspec.Struct, frozen=True):
    """Written, durable."""


class Stale(msgspec.Struct, frozen=True):
    """An entity moved on since it was found: run the service again."""


class Repeated(msgspec.Struct, frozen=True):
    """The key was there already, with this outcome."""

    outcome: str
    same_digest: bool


class Taken(msgspec.Struct, frozen=True):
    """The claim at this position of the Op's claims is somebody else's."""

    claim: int


class LedgerRefused(msgspec.Struct, frozen=True):
    """The ledger refused this Op's postings or accounts."""

    code: str
    detail: str


Answer = Committed | Stale | Repeated | Taken | LedgerRefused


class _Waiting(msgspec.Struct):
    entry: Entry
    future: asyncio.Future[Answer]
    since: float


class _Lane(msgspec.Struct):
    """One batch at a time, on a connection that is kept from batch to batch."""

    pipeline: Pipeline | None = None

    async def close(self) -> None:
        pipeline, self.pipeline = self.pipeline, None
        if pipeline is not None:
            await pipeline.connection.close()


class Committer:
    """One per process. `async with Committer(dsn) as committer: answer = await committer.submit(entry)`."""

    def __init__(
        self,
        dsn: str,
        *,
        max_ops: int = MAX_OPS,
        lanes: int = 2,
        second_at: int = SECOND_AT,
        max_wait: float = MAX_WAIT,
        connect_with: Callable[[str], Awaitable[Connection]] = connect,
    ) -> None:
        self._dsn = dsn
        self._max_ops = max_ops
        self._second_at = second_at
        self._max_wait = max_wait
        self._connect = connect_with
        self._queue: deque[_Waiting] = deque()
        self._idle = [_Lane() for _ in range(lanes)]
        self._lanes = lanes
        self._running: set[asyncio.Task[None]] = set()
        self._closing = False
        self.batches = 0
        self.ops = 0
        self.statements = 0

    async def __aenter__(self) -> Committer:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Take no more, write what waits (bounded by the deadline), close."""
        self._closing = True
        while self._running:
            await asyncio.wait(self._running, timeout=DEADLINE)
        for lane in self._idle:
            await lane.close()

    @property
    def waiting(self) -> int:
        return len(self._queue)

    def submit(self, entry: Entry) -> asyncio.Future[Answer]:
        """Queue a finished Op. `Busy` at once when the queue is full. Await the future shielded: it goes on
        anyway.
        """
        if self._closing or len(self._queue) >= MAX_QUEUE:
            raise Busy("too many commands are waiting, nothing was done; try again")
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(entry, future, time.monotonic()))
        self._wake()
        return future

    def _wake(self) -> None:
        """Start a batch if a lane is free and, for a second lane, enough wait."""
        if len(self._running) < self._lanes and self._enough(others=len(self._running)):
            task = asyncio.create_task(self._run_lane())
            self._running.add(task)
            task.add_done_callback(self._lane_done)

    def _enough(self, others: int) -> bool:
        """Whether what waits is worth a batch: anything, or beside a batch under way, `second_at` Ops."""
        return len(self._queue) >= (self._second_at if others else 1)

    def _lane_done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("committer lane failed", exc_info=error)
        self._wake()

    async def _run_lane(self) -> None:
        """Write batches until nothing waits."""
        lane = self._idle.pop() if self._idle else _Lane()
        most = self._first_most()
        try:
            while self._enough(others=len(self._running) - 1) and (batch := self._admit(most)):
                self._wake()
                await self._write_all(lane, batch)
                most = self._max_ops
        finally:
            self._idle.append(lane)

    def _first_most(self) -> int:
        """Of a crowd that came at once, half: while the server writes one half the other decides, and so on.
        Together they would take turns with the server for ever, each idle while the other works.
        """
        waiting = len(self._queue)
        return min(self._max_ops, waiting // 2) if waiting >= SPLIT_AT else self._max_ops

    def _admit(self, most: int) -> list[_Waiting]:
        """As many Ops as fit and can share a batch, oldest first; the others keep their place.

        Two Ops that write one entity, or one that writes what another guards, cannot share a batch; nor can
        two with one key or one claim: set-based inserts could not tell whose row is whose.
        """
        admitted: list[_Waiting] = []
        kept: list[_Waiting] = []
        taken: dict[object, bool] = {}
        postings = size = 0
        now = time.monotonic()
        while self._queue and len(admitted) < most:
            waiting = self._queue.popleft()
            if now - waiting.since > self._max_wait:
                self._refuse_late(waiting)
                continue
            more_postings, more_bytes = waiting.entry.size()
            full = admitted and (postings + more_postings > MAX_POSTINGS or size + more_bytes > MAX_BYTES)
            if full:
                kept.append(waiting)
                break
            names = _names(waiting.entry)
            if any(name in taken and (exclusive or taken[name]) for name, exclusive in names):
                kept.append(waiting)
                continue
            taken.update(names)
            postings += more_postings
            size += more_bytes
            admitted.append(waiting)
        self._queue.extendleft(reversed(kept))
        return admitted

    @staticmethod
    def _refuse_late(waiting: _Waiting) -> None:
        _answer(waiting, Busy("waited too long, nothing was done; try again"))

    async def _write_all(self, lane: _Lane, batch: list[_Waiting]) -> None:
        """As `_write`; should that itself fail, nobody waits for ever."""
        try:
            await self._write(lane, batch)
        except BaseException as error:
            for waiting in batch:
                _answer(waiting, error if isinstance(error, Exception) else DatabaseUnavailable())
            raise

    async def _write(self, lane: _Lane, batch: list[_Waiting]) -> None:
        """Write a batch, halving it on faults. Answers every caller."""
        todo: list[list[_Waiting]] = [batch]
        while todo:
            part = todo.pop()
            try:
                answers = await self._commit(lane, [w.entry for w in part])
            except Exception as error:
                if is_lost(error) or has_no_room(error):
                    # nobody's fault in particular, so halving would only take the time again and again
                    await lane.close()
                    log.error("a batch could not be written", exc_info=error)
                    for waiting in (waiting for one in (part, *todo) for waiting in one):
                        _answer(waiting, DatabaseUnavailable())
                    todo.clear()
                elif refused := _refused(error):
                    for number, answer in refused.items():
                        _settle_one(part[number], answer)
                    rest = [waiting for number, waiting in enumerate(part) if number not in refused]
                    todo += [rest] if rest else []
                elif len(part) == 1 and isinstance(error, UniqueViolation):
                    # another process created the same id in between: decide again, knowing it
                    _settle_one(part[0], Stale())
                elif len(part) == 1:
                    _fail(part[0], error)
                else:
                    middle = len(part) // 2
                    todo += [part[middle:], part[:middle]]
                continue
            for waiting, answer in zip(part, answers, strict=True):
                _settle_one(waiting, answer)

    async def _commit(self, lane: _Lane, entries: Sequence[Entry]) -> list[Answer]:
        """One batch, again on a new connection while the old one was lost and time is left."""
        lost = False
        tries = 0
        deadline = time.monotonic() + DEADLINE
        while True:
            try:
                if lane.pipeline is None:
                    lane.pipeline = Pipeline(await self._connect(self._dsn))
                answers = await self._send(lane.pipeline, entries)
                self.batches += 1
                self.ops += len(entries)
                return _settle(entries, answers, lost)
            except TRANSIENT:
                tries += 1
                if tries >= TRANSIENT_TRIES:
                    raise
            except psycopg.Error as error:
                if not is_lost(error) and lane.pipeline is not None and not _broken(lane.pipeline):
                    raise
                lost = True
                await lane.close()
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(min(0.05 * 2**tries, 0.5))

    async def _send(self, pipeline: Pipeline, entries: Sequence[Entry]) -> dict[int, Answer]:
        """One round trip, one implicit transaction."""
        statements = assemble(entries)
        self.statements += len(statements.list)
        found = await pipeline.run(statements.list, statements.answers)
        answers: dict[int, Answer] = {}
        for position, rows in found.items():
            for row in rows:
                answers.setdefault(cast("int", row[0]), _read(statements.answers[position], row))
        return answers


class _Refused(msgspec.Struct, frozen=True):
    """What the ledger said to the Op at a position."""

    op: int
    code: str
    detail: str


def _refused(error: Exception) -> dict[int, LedgerRefused]:
    """The Ops for whose sake a batch was undone; none for other errors."""
    if not isinstance(error, psycopg.Error) or error.sqlstate != UNDONE:
        return {}
    found = msgspec.json.decode(error.diag.message_detail or "[]", type=list[_Refused])
    return {each.op: LedgerRefused(each.code, each.detail) for each in found}


def _names(entry: Entry) -> list[tuple[object, bool]]:
    """What an Op holds in its batch, and whether alone."""
    names: list[tuple[object, bool]] = [
        (name, bool(tracked.entity.pending)) for name, tracked in entry.op.tracked.items()
    ]
    names += [((claim.space, claim.value), True) for claim in entry.op.claims]
    names += [((table.name, values[: len(table.key)]), True) for table, values in entry.op.rows]
    if entry.ticket:
        names.append(((entry.ticket.subject, entry.ticket.key, "key"), True))
    return names


class _OwnCommit(msgspec.Struct, frozen=True):
    """The key is this very Op's: an earlier submission of it had committed."""


def _read(kind: str, row: Sequence[Any]) -> Any:
    if kind == "ledger":
        return LedgerRefused(row[1], row[2])
    _, code, same_op, same_digest, outcome, claim = row
    match code:
        case "repeated":
            return _OwnCommit() if same_op else Repeated(outcome, same_digest)
        case "taken":
            return Taken(claim)
        case _:
            return Stale()


def _settle(entries: Sequence[Entry], answers: dict[int, Any], lost: bool) -> list[Answer]:
    settled: list[Answer] = []
    for number in range(len(entries)):
        answer = answers.get(number, Committed())
        if isinstance(answer, _OwnCommit):
            log.info("own commit found after a lost connection", resubmitted=lost)
            answer = Committed()
        settled.append(answer)
    return settled


def _broken(pipeline: Pipeline) -> bool:
    connection = pipeline.connection
    return connection.closed or connection.info.transaction_status is TransactionStatus.UNKNOWN


def _settle_one(waiting: _Waiting, answer: Answer) -> None:
    if not waiting.future.done():
        waiting.future.set_result(answer)


def _fail(waiting: _Waiting, error: Exception) -> None:
    log.error("an Op failed", exc_info=error)
    _answer(waiting, error)


def _answer(waiting: _Waiting, error: Exception) -> None:
    if not waiting.future.done():
        waiting.future.set_exception(error)
