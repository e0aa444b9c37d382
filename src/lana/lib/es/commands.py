"""Running a command: decide, commit, and again from the first line when the decision went stale.

`run(ctx, service.verb, *args)` calls `service.verb(op, *args)` with a fresh Op and commits what it collected.
What the caller gets is the service's answer, once it is durable.

* Conflict: run again, at most `MAX_TRIES` times; after the first, commands on the same entities queue behind
  a local lock, so that a hot entity makes a line and not a crowd.
* Refusal (a rule said no): an Op of its own keeps the checks and, under a caller's key, the outcome; then it
  is raised.
* Fault of a decision whose entities have changed since they were read: they may never have been so together;
  run again like a conflict.
* Fault: its checks are kept as well; the exception goes on to the edge. Without a database:
  `DatabaseUnavailable`.
* A caller's idempotency key: the first outcome, refusals included, is answered again; other content is
  refused.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast
from uuid import UUID

import msgspec
import psycopg

import cala_ledger
from lana.lib.authz import Check, Ctx
from lana.lib.errors import (
    Busy,
    ConcurrentModification,
    DatabaseUnavailable,
    IdempotencyKeyReused,
    Kind,
    Refusal,
    StoredRefusal,
)
from lana.lib.es.batch import Entry, Ticket
from lana.lib.es.committer import Answer, Committed, Committer, LedgerRefused, Repeated, Stale, Taken
from lana.lib.es.entity import Entity
from lana.lib.es.op import Op
from lana.lib.ids import new_id
from lana.lib.pg.database import Database
from lana.lib.pg.faults import is_lost

MAX_TRIES = 20

P = ParamSpec("P")
T = TypeVar("T")
Handler = Callable[Concatenate[Op, P], Awaitable[T]]


class BusinessTime(Protocol):
    """The bank's clock and its date."""

    def now(self) -> datetime: ...
    def today(self) -> date: ...


class EntityRef(msgspec.Struct, frozen=True):
    """An entity at the version a command left it."""

    entity: str
    id: UUID
    version: int


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a key remembers: an entity, another value, or a refusal."""

    entity: EntityRef | None = None
    value: Any = None
    refused: dict[str, str] | None = None


class LedgerRefusal(Refusal):
    """What the ledger said no to, under its own name (`Velocity limit exceeded`)."""

    def __init__(self, error: cala_ledger.LedgerError) -> None:
        self._message = str(error)
        super().__init__(self._message)
        self.code = error.code  # pyright: ignore[reportAttributeAccessIssue]
        self.kind = Kind.CONFLICT  # pyright: ignore[reportAttributeAccessIssue]

    @property
    def message(self) -> str:
        return self._message


class Commands:
    def __init__(self, db: Database, committer: Committer, time: BusinessTime) -> None:
        self._db = db
        self._committer = committer
        self._time = time
        self._locks: dict[tuple[str, UUID], tuple[asyncio.Lock, int]] = {}

    def new_op(self, ctx: Ctx) -> Op:
        return Op(ctx, self._time.now(), self._time.today())

    async def run(self, ctx: Ctx, handler: Handler[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a command to its durable end. Raises `Refusal`s of rules, `Busy`, `ConcurrentModification`."""
        digest = digest_of(handler, args, kwargs)
        contended: Sequence[tuple[str, UUID]] = ()
        for attempt in range(1, MAX_TRIES + 1):
            async with self._in_line(contended):
                op = self.new_op(ctx)
                try:
                    result = await _decided(handler(op, *args, **kwargs), op, attempt < MAX_TRIES)
                    answer = await self._commit(op, _ticket(op, digest, _outcome_of(result)))
                except Refusal as refusal:
                    if isinstance(refusal, Busy):
                        raise
                    return cast("T", await self._refuse(op, refusal, digest))
                except TornReads:
                    contended = sorted(op.tracked, key=str)
                    continue
                except Exception as error:
                    if isinstance(error, psycopg.Error) and is_lost(error):
                        raise DatabaseUnavailable from error
                    await self._keep_checks(op)
                    raise
            match answer:
                case Committed():
                    return result
                case Stale() if attempt < MAX_TRIES:
                    contended = sorted(op.tracked, key=str)
                case Stale():
                    await self._keep_checks(op)
                case Repeated():
                    return cast("T", await self._first_outcome(answer))
                case Taken() | LedgerRefused():
                    return cast("T", await self._refuse(op, _refusal(op, answer), digest))
        raise ConcurrentModification(f"gave up after {MAX_TRIES} tries")

    async def flush(self, ctx: Ctx) -> None:
        """Write the merged checks of a request's reads; awaited before the answer."""
        checks = ctx.take_reads()
        if checks:
            await self._record(ctx, checks)

    async def _commit(self, op: Op, ticket: Ticket | None) -> Answer:
        return await asyncio.shield(self._committer.submit(Entry(op, ticket)))

    async def _refuse(self, op: Op, refusal: Refusal, digest: bytes) -> object:
        """Keep the checks and the outcome of a refused command; raise the refusal, or the key's first
        outcome.
        """
        record = self.new_op(op.ctx)
        record.checks = op.checks
        refused = {"code": refusal.code, "kind": refusal.kind.value, "message": refusal.message}
        if refusal.field:
            refused["field"] = refusal.field
        ticket = _ticket(record, digest, Outcome(refused=refused)) if op.ctx.idempotency_key else None
        if ticket or record.checks:
            answer = await self._commit(record, ticket)
            if isinstance(answer, Repeated):
                return await self._first_outcome(answer)
        raise refusal

    async def _keep_checks(self, op: Op) -> None:
        if op.checks:
            await self._record(op.ctx, op.checks)

    async def _record(self, ctx: Ctx, checks: Sequence[Check]) -> None:
        op = self.new_op(ctx)
        op.checks = list(checks)
        await self._commit(op, None)

    async def _first_outcome(self, answer: Repeated) -> object:
        if not answer.same_digest:
            raise IdempotencyKeyReused("the key was used for another operation or other variables")
        outcome = msgspec.json.decode(answer.outcome, type=Outcome)
        if outcome.refused:
            refused = outcome.refused
            raise StoredRefusal(
                refused["code"], Kind(refused["kind"]), refused["message"], refused.get("field")
            )
        if outcome.entity is None:
            return outcome.value
        ref = outcome.entity
        return await self._db.repos[ref.entity].as_of(ref.id, version=ref.version)

    @asynccontextmanager
    async def _in_line(self, names: Sequence[tuple[str, UUID]]) -> AsyncGenerator[None]:
        """Hold the local locks of contended entities, in order; they vanish with their last holder."""
        held: list[asyncio.Lock] = []
        try:
            for name in names:
                lock, users = self._locks.get(name, (asyncio.Lock(), 0))
                self._locks[name] = (lock, users + 1)
            for name in names:
                lock = self._locks[name][0]
                await lock.acquire()
                held.append(lock)
            yield
        finally:
            for lock in held:
                lock.release()
            for name in names:
                lock, users = self._locks.pop(name)
                if users > 1:
                    self._locks[name] = (lock, users - 1)


class TornReads(Exception):
    """A decision failed on entities read at different moments, of which one has changed since."""


async def _decided(decision: Awaitable[T], op: Op, again: bool) -> T:
    """What was decided. TornReads in place of a fault that reads of one moment may not have had, where
    deciding again may help.
    """
    try:
        return await decision
    except (Refusal, psycopg.Error):
        raise
    except Exception as fault:
        if again and await op.is_stale():
            raise TornReads from fault
        raise


def digest_of(handler: Callable[..., object], args: Sequence[object], kwargs: dict[str, object]) -> bytes:
    """What makes two requests the same: the command and its arguments."""
    name = getattr(handler, "__qualname__", repr(handler))
    content = msgspec.json.encode([name, args, sorted(kwargs.items())], order="deterministic", enc_hook=str)
    return hashlib.sha256(content).digest()


def _ticket(op: Op, digest: bytes, outcome: Outcome) -> Ticket:
    op_id = new_id()
    key = op.ctx.idempotency_key or str(op_id)
    return Ticket(str(op.subject), key, op_id, digest, msgspec.json.encode(outcome, enc_hook=str).decode())


def _outcome_of(result: object) -> Outcome:
    if isinstance(result, Entity):
        entity = cast("Entity[Any]", result)
        return Outcome(entity=EntityRef(entity.kind, entity.id, entity.version))
    return Outcome(value=result)


def _refusal(op: Op, answer: Taken | LedgerRefused) -> Refusal:
    if isinstance(answer, Taken):
        return op.claims[answer.claim].refusal
    return LedgerRefusal(cala_ledger.refusal(answer.code, msgspec.json.decode(answer.detail)))
