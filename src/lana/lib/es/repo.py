"""Repositories: a declaration per aggregate, and the reads that follow from it.

Costs: a load is one row of the state table; loads of one tick, of all requests of this process, are gathered
into one statement per table (`Loader`). Lists are keyset pages over declared columns. Money decisions read
the primary only. Nothing here writes: writing is the committer's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar, cast
from uuid import UUID

import msgspec

from lana.lib.errors import NotFound
from lana.lib.es.entity import Entity, Event
from lana.lib.es.loader import Loader
from lana.lib.es.table import Column, PgType, plain, upsert_sql
from lana.lib.pg.database import Database
from lana.lib.pg.page import Direction, Found, Order, Page, decode_cursor, encode_cursor, position_text

T = TypeVar("T", bound=Entity[Any])

FEW = 20

BASE: tuple[tuple[str, PgType], ...] = (
    ("id", "uuid"),
    ("version", "int8"),
    ("created_at", "timestamptz"),
    ("state", "jsonb"),
)


class StoredEvent(msgspec.Struct, frozen=True):
    """One row of the event store."""

    sequence: int
    event_type: str
    data: dict[str, object]
    recorded_at: datetime
    subject: str | None
    audit_entry_id: int | None


class Repo(Generic[T]):
    """Entities of one kind. Subclasses declare `entity`, `table`, `label` and `columns`; hand-written lookups
    follow.
    """

    entity: ClassVar[type[Any]]
    table: ClassVar[str]
    label: ClassVar[str]
    columns: ClassVar[tuple[Column, ...]] = ()

    def __init__(self, db: Database) -> None:
        self.db = db
        db.repos[self.entity.kind] = self
        self._loader: Loader[Sequence[Any]] = Loader(self._load_rows)

    # --- by id ----------------------------------------------------------------------------------------------

    async def peek(self, entity_id: UUID) -> T | None:
        """The entity for reading, unguarded; None when there is none."""
        row = await self._loader.load(entity_id)
        return self.read(row) if row else None  # each caller gets an object of its own

    async def peek_many(self, ids: Sequence[UUID]) -> dict[UUID, T]:
        """Those that exist, by id. One statement, shared with other loads of this moment unless many."""
        if not ids:
            return {}
        rows = await (self._loader.load_many(ids) if len(ids) <= FEW else self._load_rows(ids))
        return {entity_id: self.read(row) for entity_id, row in rows.items()}

    async def _load_rows(self, ids: Sequence[UUID]) -> dict[UUID, Sequence[Any]]:
        return {row[0]: row for row in await self.db.fetch(self._load_sql, [list(ids)])}

    @cached_property
    def _load_sql(self) -> str:
        return f"select id, created_at, state from {self.table} where id = any(%b::uuid[])"

    def read(self, row: Sequence[Any]) -> T:
        """An entity from `(id, created_at, state)`."""
        entity = cast("T", msgspec.json.decode(row[2], type=self.entity))
        entity.created_at = row[1]
        return entity

    def not_found(self, value: object, column: str = "id") -> NotFound:
        return NotFound(self.label, column, value)

    # --- by column, lists -----------------------------------------------------------------------------------

    def _type_of(self, column: str) -> str:
        known = {"id": "uuid", "created_at": "timestamptz"} | {c.name: c.type for c in self.columns}
        return known[column]

    async def maybe_by(self, column: str, value: object) -> T | None:
        """The one entity with this value in a declared column."""
        sql = (
            f"select id, created_at, state from {self.table}"
            f" where {column} = %b::{self._type_of(column)} limit 1"
        )
        rows = await self.db.fetch(sql, [value])
        return self.read(rows[0]) if rows else None

    async def all_by(self, column: str, value: object, *, bound: int | None = None) -> list[T]:
        """Those with this value, newest first, up to the bound for lists without pages (logged when met)."""
        bound = bound or self.db.list_bound
        sql = (
            f"select id, created_at, state from {self.table}"
            f" where {column} = %b::{self._type_of(column)} order by created_at desc, id desc limit %b::int8"
        )
        rows = await self.db.fetch(sql, [value, bound])
        if len(rows) == bound:
            self.db.log_bound_met(self.table, bound)
        return [self.read(row) for row in rows]

    async def list(
        self, page: Page, order: Order | None = None, where: Mapping[str, object | None] | None = None
    ) -> Found[T]:
        """A keyset page. `where` holds equality filters on declared columns; None means no filter."""
        order = order or Order()
        size = page.size(self.db.page_limit)
        sql, values = self._page_sql(page, order, {k: v for k, v in (where or {}).items() if v is not None})
        rows = await self.db.fetch(sql, [*values, size + 1])
        kept = rows[:size]
        cursors = [self._cursor(order, cast("UUID", row[0]), row[3]) for row in kept]
        return Found([self.read(row) for row in kept], cursors, len(rows) > size)

    def _cursor(self, order: Order, entity_id: UUID, value: object) -> str:
        return encode_cursor({"type": f"By{order.by}", "id": str(entity_id), order.by: value})

    def _page_sql(self, page: Page, order: Order, where: Mapping[str, object]) -> tuple[str, list[object]]:
        """Text and parameters; the text depends on the shape alone (order, filters, first page or not)."""
        sort_type = self._type_of(order.by)
        values: list[object] = []
        conditions: list[str] = []
        for column, value in where.items():
            conditions.append(f"{column} = %b::{self._type_of(column)}")
            values.append(value)
        if page.after is not None:
            position = decode_cursor(page.after, frozenset({"type", "id", order.by}))
            comparison = ">" if order.direction is Direction.ASC else "<"
            conditions.append(f"({order.by}, id) {comparison} (%b::text::{sort_type}, %b::text::uuid)")
            values += [position_text(position, order.by, sort_type), position_text(position, "id", "uuid")]
        condition = f" where {' and '.join(conditions)}" if conditions else ""
        way = order.direction.value.lower()
        sql = (
            f"select id, created_at, state, {order.by} from {self.table}{condition}"
            f" order by {order.by} {way}, id {way} limit %b::int8"
        )
        return sql, values

    # --- history --------------------------------------------------------------------------------------------

    async def events(self, entity_id: UUID, *, before: int | None = None, limit: int) -> list[StoredEvent]:
        """Stored events, newest first, of sequence below `before`."""
        rows = await self.db.fetch(
            "select sequence, event_type, data, recorded_at, subject, audit_entry_id from events"
            " where entity_id = %b::uuid and entity_type = %b::text and sequence < %b::int8"
            " order by sequence desc limit %b::int8",
            [entity_id, self.entity.kind, before or 2**62, limit],
        )
        return [
            StoredEvent(r[0], r[1], cast("dict[str, object]", msgspec.json.decode(r[2])), *r[3:])
            for r in rows
        ]

    async def as_of(
        self, entity_id: UUID, *, version: int | None = None, at: datetime | None = None
    ) -> T | None:
        """The entity as it was at a version, or at an instant of business time; None if it was not yet."""
        rows = await self.db.fetch(
            "select data, recorded_at from events where entity_id = %b::uuid and entity_type = %b::text"
            " and sequence <= %b::int8 and recorded_at <= coalesce(%b::timestamptz, 'infinity')"
            " order by sequence",
            [entity_id, self.entity.kind, version or 2**62, at],
        )
        if not rows:
            return None
        entity = cast("T", self.entity.fold([self.decode_event(row[0]) for row in rows]))
        entity.created_at = rows[0][1]
        return entity

    def decode_event(self, data: bytes) -> Event:
        """A stored event's JSON as its class."""
        return cast("Event", msgspec.json.decode(data, type=self.entity.event_types))

    # --- what the committer needs ---------------------------------------------------------------------------

    @cached_property
    def upsert(self) -> str:
        """Parameters: op numbers, then one array per base column and declared column."""
        columns: list[tuple[str, PgType]] = [*BASE, *((c.name, c.type) for c in self.columns)]
        changed = ["version", "state", *(c.name for c in self.columns)]
        return upsert_sql(self.table, columns, ("id",), changed)

    @cached_property
    def types(self) -> tuple[PgType, ...]:
        """Of `upsert`'s parameters."""
        return ("int8", *(pg_type for _, pg_type in BASE), *(c.type for c in self.columns))

    def row_of(self, entity: T) -> tuple[object, ...]:
        """The state row, in the order of `upsert`."""
        state = msgspec.json.encode(entity).decode()
        values = [plain(c.type, c.read(entity)) for c in self.columns]
        return (entity.id, entity.version, entity.created_at, state, *values)
