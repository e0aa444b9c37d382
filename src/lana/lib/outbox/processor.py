"""Event processors: one reader per processor name in the whole installation, exactly-once effects.

Guarantees
* A processor sees its events in commit order. Its checkpoint moves in the transaction of its effect, so a
  process killed between the two leaves neither.
* One owner at a time: a lease in PostgreSQL, renewed while it works; a process that lost it cannot advance
  the checkpoint, so it cannot take effect.
* A poison event is tried `TRIES` times with back-off, then parked with its entity: shown, replayable, and
  events of other entities go on. Later events of the same entity are parked behind it.

Costs: a page of events is one Op. Only when a page fails are its events handled one by one. Pages without an
event for this processor are passed over in memory and stored once in `STORE_EVERY` sequences. Bounds: `PAGE`
events an Op, `TRIES` tries, `LEASE_SECONDS` until another process takes over.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar, Protocol, cast
from uuid import UUID

import psycopg
import structlog

from lana.lib.authz import Ctx
from lana.lib.errors import Busy
from lana.lib.es.commands import Commands
from lana.lib.es.op import Op
from lana.lib.ids import new_id
from lana.lib.outbox.event import PublicEvent
from lana.lib.outbox.tail import Delivered, Tail, read_after
from lana.lib.pg.database import Database
from lana.lib.tasks import end_if_cancelled, going_on

log = structlog.get_logger()

PAGE = 100
TRIES = 5
LEASE_SECONDS = 10
LEASE_LOST = "LN001"
STORE_EVERY = 1000
BACK_OFF_SECONDS = (0.1, 0.5, 2.0, 5.0)


class LeaseLost(Exception):
    """Another process runs this processor now."""


class Processor(Protocol):
    """What one domain does when another published something."""

    name: ClassVar[str]
    takes: ClassVar[tuple[type[PublicEvent], ...]]
    actor: ClassVar[str]

    async def handle(self, op: Op, event: PublicEvent) -> None:
        """Collect the effect in the Op. Idempotent by the entity; may run several times before it counts."""
        ...


class ProcessorRunner:
    """Runs one processor while it holds the lease."""

    def __init__(self, processor: Processor, db: Database, commands: Commands, tail: Tail) -> None:
        self._processor = processor
        self._db = db
        self._commands = commands
        self._tail = tail
        self._owner: UUID = new_id()
        self._stored: int = -1
        self._leased = 0.0
        self.checkpoint = 0

    async def run(self) -> None:
        """Until cancelled."""
        while going_on():
            try:
                if await self._lease():
                    await self._work()
                    await self._tail.wait(self.checkpoint)
                else:
                    await asyncio.sleep(LEASE_SECONDS / 4)
            except (psycopg.Error, Busy, LeaseLost) as error:
                end_if_cancelled(error)
                log.warning("processor paused", processor=self._processor.name, error=str(error))
                await asyncio.sleep(1.0)

    async def release(self) -> None:
        """Pass the lease on at once (graceful stop)."""
        await self._db.fetch(
            "update processors set owner = null, leased_until = null"
            " where name = %b::text and owner = %b::uuid",
            [self._processor.name, self._owner],
        )

    async def _lease(self) -> bool:
        """Hold the lease: renewed when a third of it is over. Taking it anew reads the checkpoint."""
        if time.monotonic() - self._leased < LEASE_SECONDS / 3:
            return True
        asked = time.monotonic()
        rows = await self._db.fetch(
            "insert into processors (name, checkpoint, owner, leased_until)"
            " values (%b::text, 0, %b::uuid, clock_timestamp() + make_interval(secs => %b::int8))"
            " on conflict (name) do update set owner = excluded.owner, leased_until = excluded.leased_until"
            " where processors.owner is null or processors.owner = excluded.owner"
            "    or processors.leased_until < clock_timestamp()"
            " returning checkpoint",
            [self._processor.name, self._owner, LEASE_SECONDS],
        )
        if not rows:
            self._stored = -1
            return False
        if rows[0][0] != self._stored:
            self._stored = self.checkpoint = rows[0][0]
        self._leased = asked
        return True

    async def _work(self) -> None:
        """Everything that is there, page by page, renewing the lease with each."""
        while going_on() and (page := await read_after(self._db, self.checkpoint, PAGE)):
            try:
                await self._handle(page)
            except (psycopg.OperationalError, Busy, LeaseLost):
                raise
            except Exception as error:  # noqa: BLE001 - a handler may raise anything
                end_if_cancelled(error)
                log.warning("page failed, one by one", processor=self._processor.name, error=repr(error))
                await self._one_by_one(page)
            if not await self._lease():
                return

    def _wants(self, delivered: Delivered) -> bool:
        return isinstance(delivered.event, self._processor.takes)

    def _ctx(self, page: Sequence[Delivered]) -> Ctx:
        ctx = Ctx.system(self._processor.actor, cause=f"{self._processor.name}:{page[0].sequence}")
        ctx.traceparent = page[0].context.get("traceparent")
        return ctx

    async def _handle(self, page: Sequence[Delivered]) -> None:
        wanted = any(map(self._wants, page))
        if not wanted and page[-1].sequence - self._stored < STORE_EVERY:
            self.checkpoint = page[-1].sequence
            return
        parked = await self._parked_entities() if wanted else frozenset[str]()

        async def effect(op: Op) -> None:
            for delivered in page:
                if not self._wants(delivered) or delivered.event is None:
                    continue
                if entity_of(delivered.event) in parked:
                    self._park(op, delivered, "waits behind a parked event", 0)
                else:
                    await self._processor.handle(op, delivered.event)
            self._advance(op, page[-1].sequence)

        await self._run(page, effect)

    async def _one_by_one(self, page: Sequence[Delivered]) -> None:
        for delivered in page:
            for attempt in range(1, TRIES + 1):
                try:
                    await self._handle([delivered])
                    break
                except (psycopg.OperationalError, Busy, LeaseLost):
                    raise
                except Exception as error:  # noqa: BLE001 - a handler may raise anything
                    end_if_cancelled(error)
                    if attempt == TRIES:
                        await self._give_up(delivered, error)
                    else:
                        await asyncio.sleep(BACK_OFF_SECONDS[attempt - 1])

    async def _give_up(self, delivered: Delivered, error: Exception) -> None:
        log.error("event parked", processor=self._processor.name, sequence=delivered.sequence, exc_info=error)

        async def park(op: Op) -> None:
            self._park(op, delivered, repr(error), TRIES)
            self._advance(op, delivered.sequence)

        await self._run([delivered], park)

    async def _run(self, page: Sequence[Delivered], effect: Callable[[Op], Awaitable[None]]) -> None:
        """Effect and checkpoint in one Op. Without the lease the database refuses it; then read anew."""
        try:
            await self._commands.run(self._ctx(page), effect)
        except psycopg.Error as error:
            self._leased, self._stored = 0.0, -1
            if error.sqlstate == LEASE_LOST:
                raise LeaseLost from error
            raise
        self._stored = self.checkpoint = page[-1].sequence

    def _advance(self, op: Op, to: int) -> None:
        op.execute(
            "select advance_processor(%b::int8, %b::text, %b::uuid, %b::int8, %b::int8)",
            self._processor.name,
            self._owner,
            self._stored,
            to,
        )

    def _park(self, op: Op, delivered: Delivered, error: str, attempts: int) -> None:
        assert delivered.event is not None
        op.execute(
            "select park_event(%b::int8, %b::text, %b::int8, %b::text, %b::text, %b::int8)",
            *(self._processor.name, delivered.sequence, entity_of(delivered.event), error, attempts),
        )

    async def _parked_entities(self) -> frozenset[str]:
        rows = await self._db.fetch(
            "select distinct entity from parked_events where processor = %b::text limit 1000",
            [self._processor.name],
        )
        return frozenset(row[0] for row in rows)

    async def replay_parked(self, limit: int = 100) -> int:
        """Handle parked events again, in order; answers how many went through. Stops at
        the first that fails.
        """
        rows = await self._db.fetch(
            "select sequence from parked_events where processor = %b::text order by sequence limit %b::int8",
            [self._processor.name, limit],
        )
        done = 0
        for (sequence,) in rows:
            (delivered,) = await read_after(self._db, sequence - 1, 1)

            async def again(op: Op, delivered: Delivered = delivered) -> None:
                if delivered.event is not None:
                    await self._processor.handle(op, delivered.event)
                op.execute(
                    "select unpark_event(%b::int8, %b::text, %b::int8)",
                    *(self._processor.name, delivered.sequence),
                )

            await self._commands.run(self._ctx([delivered]), again)
            done += 1
        return done


def entity_of(event: PublicEvent) -> str:
    """What an event is about: later events of the same entity wait behind a parked one."""
    return str(cast("object", getattr(event, "id", type(event).__name__)))
