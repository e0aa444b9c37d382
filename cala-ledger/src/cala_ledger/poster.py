"""Group posting: the calls of many callers share one statement and one commit.

Guarantees
* Each call is written wholly or not at all, and its caller learns which: refusals disturb nobody else.
* A call alone is posted at once; under load whatever is ready travels together. No timer.
* A lost connection is not an answer: the same batch is sent again on a new connection until the deadline, and
  transaction ids tell what had been committed.
* A caller that goes away does not stop its posting.

Costs: two connections. What is ready is halved between them once a half is worth a statement
(`WORTHWHILE`), so that callers decide about the next half while the database writes this one.

Bounds: `MAX_TRANSACTIONS` a statement, `MAX_QUEUE` calls waiting (then LedgerBusy),
`DEADLINE` seconds for a batch whose connection was lost,
`TRIES` for one that met a race.

What would break it: an isolation level above READ COMMITTED.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

import msgspec
import psycopg
from psycopg.errors import DeadlockDetected, LockNotAvailable, SerializationFailure

from cala_ledger import errors
from cala_ledger.connection import check_ids, detail_of
from cala_ledger.errors import TransactionInFlight
from cala_ledger.events import publish_statement
from cala_ledger.model import PreparedTransaction, StatusChange, TransactionInput
from cala_ledger.pipeline import Pipeline, Row
from cala_ledger.statements import post_statement
from cala_ledger.steady import SteadyConnection
from cala_ledger.templates import Templates

MAX_TRANSACTIONS: Final = 1_000
MAX_QUEUE: Final = 10_000
LANES: Final = 2
WORTHWHILE: Final = 32
DEADLINE: Final = 30.0
TRIES: Final = 5
_PAUSE: Final = 0.05
_RACES: Final = (SerializationFailure, DeadlockDetected, LockNotAvailable)


class _Call(msgspec.Struct, eq=False):
    transactions: Sequence[PreparedTransaction]
    status_changes: Sequence[StatusChange]
    future: asyncio.Future[None]


class _Lane(msgspec.Struct, eq=False):
    """One statement at a time, on a connection that is kept."""

    pipeline: Pipeline | None = None


class Poster:
    """`async with Poster(dsn, templates) as poster: await poster.post([...])`, from any number of tasks."""

    def __init__(self, dsn: str, templates: Templates, *, publish: str | None = None) -> None:
        """`publish`: see `events`."""
        self._publish = publish
        self._dsn = dsn
        self._templates = templates
        self._queue: deque[_Call] = deque()
        self._idle = [_Lane() for _ in range(LANES)]
        self._running: set[asyncio.Task[None]] = set()
        self._sent = 0
        self._closing = False
        self.batches = 0
        self.calls = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take no more, post what waits, close."""
        self._closing = True
        while self._running:
            await asyncio.wait(self._running)
        for lane in self._idle:
            await _disconnect(lane)

    async def post(
        self, transactions: Sequence[TransactionInput], *, status_changes: Sequence[StatusChange] = ()
    ) -> None:
        """Post transactions and change statuses, all or nothing; see `Ledger.post`. Raises LedgerBusy,
        TooManyIds."""
        await self.post_prepared([self._templates.prepare(each) for each in transactions], status_changes)

    async def post_prepared(
        self, transactions: Sequence[PreparedTransaction], status_changes: Sequence[StatusChange] = ()
    ) -> None:
        """As `post`, of what `Templates.prepare` or `reversal_of` made."""
        check_ids(transactions)
        check_ids(status_changes)
        if self._closing or len(self._queue) >= MAX_QUEUE:
            raise errors.LedgerBusy(waiting=len(self._queue))
        call = _Call(transactions, status_changes, asyncio.get_running_loop().create_future())
        self._queue.append(call)
        self._wake()
        await asyncio.shield(call.future)

    def _wake(self) -> None:
        """A lane starts behind whoever is ready now, and so takes their calls along."""
        if self._idle and self._enough(others=len(self._running)):
            running = asyncio.create_task(self._run(self._idle.pop()))
            self._running.add(running)
            running.add_done_callback(self._ended)

    def _ended(self, running: asyncio.Task[None]) -> None:
        self._running.discard(running)
        self._wake()

    def _enough(self, others: int) -> bool:
        """Whether what waits is worth a statement: anything, or beside another one, `WORTHWHILE` calls."""
        return len(self._queue) >= (WORTHWHILE if others else 1)

    async def _run(self, lane: _Lane) -> None:
        try:
            while self._enough(others=len(self._running) - 1):
                calls = self._take()
                self._sent += len(calls)
                self._wake()
                await self._write(lane, calls)
                self._sent -= len(calls)
        finally:
            self._idle.append(lane)

    def _take(self) -> list[_Call]:
        """The oldest calls: a lane's share of all that are on their way, as many as fit, at least one."""
        share = max(WORTHWHILE, -(-(len(self._queue) + self._sent) // LANES))
        calls = [self._queue.popleft()]
        size = len(calls[0].transactions)
        while (
            self._queue and len(calls) < share and size + len(self._queue[0].transactions) <= MAX_TRANSACTIONS
        ):
            calls.append(self._queue.popleft())
            size += len(calls[-1].transactions)
        return calls

    async def _write(self, lane: _Lane, calls: list[_Call]) -> None:
        """Post a batch, halving it on faults until the call at fault stands alone. Answers every caller."""
        todo = [calls]
        while todo:
            part = todo.pop()
            try:
                rows = await self._send(lane, part)
            except Exception as error:  # noqa: BLE001 - it is the callers' to hear
                if len(part) == 1 or _lost(error):
                    for call in part:
                        _answer(call, error)
                else:
                    middle = len(part) // 2
                    todo += [part[middle:], part[:middle]]
                continue
            self.batches += 1
            self.calls += len(part)
            self._settle(part, rows)

    def _settle(self, calls: Sequence[_Call], rows: Sequence[Row]) -> None:
        refused: dict[object, errors.LedgerError] = {}
        for number, code, detail in rows:
            refused.setdefault(number, errors.refusal(str(code), detail_of(detail)))
        for number, call in enumerate(calls):
            error = refused.get(number)
            if isinstance(error, TransactionInFlight):
                # an earlier call of the batch has the same id: what became of it decides
                self._queue.append(call)
            else:
                _answer(call, error)

    async def _send(self, lane: _Lane, calls: Sequence[_Call]) -> list[Row]:
        """One statement, one commit; again after a race, or on a new connection until the deadline."""
        posting = post_statement(
            [(number, call.transactions) for number, call in enumerate(calls)],
            status_changes=[
                (number, change) for number, call in enumerate(calls) for change in call.status_changes
            ],
        )
        publishing = None
        if self._publish is not None:
            publishing = publish_statement(
                self._publish, (each for call in calls for each in call.transactions)
            )
        deadline = asyncio.get_running_loop().time() + DEADLINE
        tries = 0
        while True:
            try:
                pipeline = await self._connected(lane)
                if publishing is None:
                    return await pipeline.rows(*posting)
                return (await pipeline.run([posting, publishing], (0,)))[0]
            except _RACES:
                tries += 1
                if tries >= TRIES:
                    raise
            except psycopg.OperationalError as error:
                await _disconnect(lane)
                if not _lost(error) or asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(_PAUSE)

    async def _connected(self, lane: _Lane) -> Pipeline:
        if lane.pipeline is None or lane.pipeline.connection.closed:
            lane.pipeline = Pipeline(await SteadyConnection.connect(self._dsn, autocommit=True))
        return lane.pipeline


async def _disconnect(lane: _Lane) -> None:
    pipeline, lane.pipeline = lane.pipeline, None
    if pipeline is not None:
        await pipeline.connection.close()


def _lost(error: Exception) -> bool:
    """Whether the connection went, or the server would not have one: class 08, 57P0x, or no SQLSTATE."""
    if not isinstance(error, psycopg.OperationalError):
        return False
    state = error.sqlstate
    return state is None or state.startswith(("08", "57P"))


def _answer(call: _Call, error: Exception | None) -> None:
    if call.future.done():
        return
    if error is None:
        call.future.set_result(None)
    else:
        call.future.set_exception(error)
