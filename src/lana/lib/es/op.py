"""The Op: everything one command wants written, collected before anything is.

What an Op *finds* it guards: at commit each found entity must still have the version the decision rests on,
or the service is run again from its first line. What has events pending is written. So a service reads like
the spec's sentence (authorize → find → tell → collect) and holds no lock while it decides. Nothing here
touches the database except `find`, which reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

import msgspec

from cala_ledger import NewAccount, PreparedTransaction, Status, StatusChange
from lana.lib.authz import Check, Ctx, Subject
from lana.lib.errors import Refusal
from lana.lib.es.entity import Entity
from lana.lib.es.table import RowTable, plain
from lana.lib.ids import new_id
from lana.lib.outbox import PublicEvent

if TYPE_CHECKING:
    from lana.lib.es.repo import Repo

AnyEntity = Entity[Any]
T = TypeVar("T", bound=AnyEntity)


class Tracked(msgspec.Struct):
    """An entity of this Op. Guarded when it has nothing pending, written when it has."""

    repo: Repo[Any]
    entity: AnyEntity


class Seen(msgspec.Struct, frozen=True):
    """A stored entity's version, guarded without the entity."""

    table: str
    id: UUID
    version: int


class Claim(msgspec.Struct, frozen=True):
    """A value that must be unique within its space; taken: the Op is refused with `refusal`."""

    space: str
    value: str
    refusal: Refusal


class BalanceGuard(msgspec.Struct, frozen=True):
    """A ledger balance a decision rests on: credits minus debits per layer, in minor units."""

    account_id: UUID
    currency: str
    settled: int
    pending: int


class NumberGuard(msgspec.Struct, frozen=True):
    """How many rows of a state table belong to a parent, where a decision rests on there being no other."""

    table: str
    column: str
    parent_id: UUID
    number: int


class DeferredJob(msgspec.Struct, frozen=True):
    """A job enqueued in the Op: name `<domain>.<verb-noun>`, JSON arguments, and a lock only where order
    matters.
    """

    name: str
    args: Mapping[str, object]
    queue: str = "default"
    lock: str | None = None


class Op:
    """One command's effect. `now` is business time, `today` the business date, `subject` who acts."""

    def __init__(self, ctx: Ctx, now: datetime, today: date) -> None:
        self.ctx = ctx
        self.now = now
        self.today = today
        self.tracked: dict[tuple[str, UUID], Tracked] = {}
        self.seen: list[Seen] = []
        self.checks: list[Check] = []
        self.events: list[PublicEvent] = []
        self.postings: list[PreparedTransaction] = []
        self.accounts: list[NewAccount] = []
        self.status_changes: list[StatusChange] = []
        self.balances: list[BalanceGuard] = []
        self.numbers: list[NumberGuard] = []
        self.jobs: list[DeferredJob] = []
        self.claims: list[Claim] = []
        self.released: list[tuple[str, str]] = []
        self.rows: list[tuple[RowTable, tuple[object, ...]]] = []
        self.statements: list[tuple[str, tuple[object, ...]]] = []

    @property
    def subject(self) -> Subject:
        return self.ctx.subject

    @cached_property
    def context(self) -> bytes:
        """What events and public events remember of their origin, as JSON."""
        ctx = self.ctx
        known = {"request_id": ctx.request_id, "traceparent": ctx.traceparent, "cause": ctx.cause}
        return msgspec.json.encode({name: value for name, value in known.items() if value})

    def record(self, check: Check) -> None:
        """Keep a check for the audit. The first one is what this Op's events are attributed to."""
        self.checks.append(check)

    def record_system(self, actor: str, check: Check) -> None:
        """Keep what the system did on the way (`system:governance` starting a process)."""
        self.checks.append(msgspec.structs.replace(check, subject=Subject.system(actor), authorized=True))

    def new_id(self) -> UUID:
        return new_id()

    # --- entities -------------------------------------------------------------------------------------------

    async def find(self, repo: Repo[T], entity_id: UUID) -> T:
        """The entity, guarded. `NotFound` refusal when there is none."""
        found = await self.maybe_find(repo, entity_id)
        if found is None:
            raise repo.not_found(entity_id)
        return found

    async def maybe_find(self, repo: Repo[T], entity_id: UUID) -> T | None:
        """The entity, guarded, or None (absence is not guarded: creating the same id twice is found at
        commit).
        """
        known = self.tracked.get((repo.entity.kind, entity_id))
        if known:
            return cast("T", known.entity)
        found = await repo.peek(entity_id)
        if found is None:
            return None
        # two finds of one id in the same Op may race: the first to arrive stays
        known = self.tracked.setdefault((repo.entity.kind, entity_id), Tracked(repo, found))
        return cast("T", known.entity)

    async def find_many(self, repo: Repo[T], ids: Iterable[UUID]) -> dict[UUID, T]:
        """Those that exist, guarded, by id."""
        wanted = list(dict.fromkeys(ids))
        missing = [i for i in wanted if (repo.entity.kind, i) not in self.tracked]
        for entity_id, entity in (await repo.peek_many(missing)).items():
            self.tracked.setdefault((repo.entity.kind, entity_id), Tracked(repo, entity))
        found = {i: self.tracked.get((repo.entity.kind, i)) for i in wanted}
        return {i: cast("T", tracked.entity) for i, tracked in found.items() if tracked}

    def rest_on(self, decision: Op) -> None:
        """Guard what another Op has found, and write nothing of it."""
        self.seen = [
            Seen(tracked.repo.table, tracked.entity.id, tracked.entity.stored_version)
            for tracked in decision.tracked.values()
            if tracked.entity.stored_version
        ]

    def keep(self, repo: Repo[T], entity: T) -> T:
        """An entity read some other way, guarded from now on; the one this Op knows already, if it does."""
        known = self.tracked.setdefault((repo.entity.kind, entity.id), Tracked(repo, entity))
        return cast("T", known.entity)

    def add(self, repo: Repo[T], entity: T) -> T:
        """A new entity (`Entity.born`), to be written."""
        entity.created_at = self.now
        self.tracked[entity.kind, entity.id] = Tracked(repo, entity)
        return entity

    # --- what is written beside entities --------------------------------------------------------------------

    def publish(self, event: PublicEvent) -> None:
        """A public event, in the same transaction."""
        self.events.append(event)

    def post(self, *transactions: PreparedTransaction) -> None:
        """Ledger transactions, in order; limits are checked after the last one of this Op."""
        self.postings.extend(transactions)

    def open_account(self, account: NewAccount) -> None:
        """A ledger account, opened before this Op's postings."""
        self.accounts.append(account)

    def unlock_account(self, account_id: UUID) -> None:
        """Let a ledger account take postings again, this Op's own among them."""
        self.status_changes.append(StatusChange(account_id, Status.ACTIVE))

    def lock_account(self, account_id: UUID) -> None:
        """Let a ledger account refuse postings, after this Op's own."""
        self.status_changes.append(StatusChange(account_id, Status.LOCKED))

    def guard_balance(self, account_id: UUID, currency: str, *, settled: int, pending: int) -> None:
        """The decision rests on this balance; if it has changed by then, the service is run again.

        Looked at once this Op's entities are locked, so it holds only where everyone who posts to the account
        guards an entity that this Op writes. Where a limit will do, prefer the limit: it costs nobody a
        second run.
        """
        self.balances.append(BalanceGuard(account_id, currency, settled, pending))

    def guard_number(self, table: str, column: str, parent_id: UUID, number: int) -> None:
        """The decision rests on there being no other row of this parent; if there is by then, the service is
        run again.

        As with `guard_balance`, it holds only where everyone who adds such a row guards an entity that this
        Op writes. `ChildRepo.find_all_of_parent` puts it.
        """
        self.numbers.append(NumberGuard(table, column, parent_id, number))

    def defer(self, job: DeferredJob) -> None:
        """A job, enqueued in the same transaction."""
        self.jobs.append(job)

    def claim(self, space: str, value: str, refusal: Refusal) -> None:
        """Reserve a unique value (kept until released); whoever comes second is refused."""
        self.claims.append(Claim(space, value, refusal))

    def release(self, space: str, value: str) -> None:
        """Give a claimed value back."""
        self.released.append((space, value))

    def put(self, table: RowTable, *values: object) -> None:
        """Upsert a row of a table without events; values in the order of its columns."""
        self.rows.append((table, tuple(map(plain, (t for _, t in table.columns), values))))

    def execute(self, sql: str, *params: object) -> None:
        """A statement of a processor's own (a read model's), run once in the transaction.

        Its first parameter is this Op's number, and it must change nothing when that number is in
        `lana.dead`.
        """
        self.statements.append((sql, params))
