"""Running a command: decide, commit, and again from the first line when the decision went stale.

`run(ctx, service.verb, *args)` calls `service.verb(op, *args)` with a fresh Op and commits what it collected.
What the caller gets is the service's answer, once it is durable.

* Conflict: run again, at most `MAX_TRIES` times; after the first, commands on the same entities queue behind
  a local lock, so that a hot entity makes a line and not a crowd.
* Refusal (a rule said no): an Op of its own keeps the checks and, under a caller's key, the outcome; then it
  is raised.
* Fault: its checks are kept as well; the exception goes on to the edge. Without a database:
  `DatabaseUnavailable`.
* The Op of a refusal or fault guards what was found, like any other: entities read at two moments may never
  have been so together. Where one has changed it is a conflict, and no answer rests on what never was.
* A caller's idempotency key: the first outcome, refusals included, is answered again; other content is
  refused.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import date, datetime
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast
from uuid import UUID

import msgspec
import psycopg

import cala_ledger
from lana.lib.authz import Ctx
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
    def date_of(self, instant: datetime) -> date: ...


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
        now = self._time.now()
        return Op(ctx, now, self._time.date_of(now))

    async def run(self, ctx: Ctx, handler: Handler[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a command to its durable end. Raises `Refusal`s of rules, `Busy`, `ConcurrentModification`."""
        digest = digest_of(handler, args, kwargs)
        contended: Sequence[tuple[str, UUID]] = ()
        for attempt in range(1, MAX_TRIES + 1):
            async with self._in_line(contended):
                op = self.new_op(ctx)
                decision = handler(op, *args, **kwargs)
                with suppress(_Changed):
                    return await self._attempt(op, decision, digest, guarded=attempt < MAX_TRIES)
            contended = sorted(op.tracked, key=str)
            if attempt == MAX_TRIES:
                await self._keep_checks(op)
        raise ConcurrentModification(f"gave up after {MAX_TRIES} tries")

    async def _attempt(self, op: Op, decision: Awaitable[T], digest: bytes, *, guarded: bool) -> T:
        """`_Changed` where something found has changed by the commit; of a refusal or fault if `guarded`."""
        try:
            result = await decision
            answer = await self._commit(op, _ticket(op, digest, _outcome_of(result)))
        except Busy:
            raise
        except Refusal as refusal:
            return cast("T", await self._refuse(op, refusal, digest, guarded=guarded))
        except Exception as fault:
            if isinstance(fault, psycopg.Error) and is_lost(fault):
                raise DatabaseUnavailable from fault
            await self._keep_checks(op, guarded=guarded)
            raise
        match answer:
            case Committed():
                return result
            case Stale():
                raise _Changed
            case Repeated():
                return cast("T", await self._first_outcome(answer))
            case Taken() | LedgerRefused():
                return cast("T", await self._refuse(op, _refusal(op, answer), digest, guarded=False))

    async def flush(self, ctx: Ctx) -> None:
        """Write the merged checks of a request's reads; awaited before the answer."""
        checks = ctx.take_reads()
        if checks:
            op = self.new_op(ctx)
            op.checks = list(checks)
            await self._commit(op, None)

    async def _commit(self, op: Op, ticket: Ticket | None) -> Answer:
        return await asyncio.shield(self._committer.submit(Entry(op, ticket)))

    async def _refuse(self, op: Op, refusal: Refusal, digest: bytes, *, guarded: bool) -> object:
        """Keep the checks and the outcome of a refused command; raise the refusal, or the key's first
        outcome.
        """
        refused = {"code": refusal.code, "kind": refusal.kind.value, "message": refusal.message}
        if refusal.field:
            refused["field"] = refusal.field
        ticket = _ticket(op, digest, Outcome(refused=refused)) if op.ctx.idempotency_key else None
        answer = await self._keep_checks(op, ticket, guarded=guarded)
        if isinstance(answer, Repeated):
            return await self._first_outcome(answer)
        raise refusal

    async def _keep_checks(self, op: Op, ticket: Ticket | None = None, *, guarded: bool = False) -> Answer:
        """Of a decision that is not carried out. `_Changed` if guarded and what it found has changed."""
        record = self.new_op(op.ctx)
        record.checks = op.checks
        if guarded:
            record.rest_on(op)
        if not (ticket or record.checks or record.seen):
            return Committed()
        answer = await self._commit(record, ticket)
        if isinstance(answer, Stale):
            raise _Changed
        return answer

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


class _Changed(Exception):
    """Something a decision has found is not what it was: decide again."""


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
