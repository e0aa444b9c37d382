"""Declarations of the tables an Op writes, and the set-based statements generated from them.

Every statement takes parallel arrays (one element a row), names the Op each row belongs to, and skips the
rows of Ops that were found dead earlier in the same pipeline (`lana.dead`). Texts are constant, so each is
prepared once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property
from typing import Any, Literal

import msgspec

from cala_ledger.wire import (
    BoolArray,
    ByteaArray,
    DateArray,
    Int8Array,
    PgArray,
    TextArray,
    TimestamptzArray,
    UuidArray,
)

PgType = Literal["uuid", "text", "int8", "timestamptz", "bool", "date", "jsonb", "text[]", "uuid[]", "bytea"]

ARRAYS: dict[PgType, Callable[[Any], PgArray]] = {
    "uuid": UuidArray,
    "text": TextArray,
    "int8": Int8Array,
    "timestamptz": TimestamptzArray,
    "bool": BoolArray,
    "date": DateArray,
    "bytea": ByteaArray,
    # arrays of arrays do not unnest by row: these travel as JSON text and are turned back per row
    "jsonb": TextArray,
    "text[]": TextArray,
    "uuid[]": TextArray,
}

ALIVE = "x.op <> all(current_setting('lana.dead')::int8[])"


class Column(msgspec.Struct, frozen=True):
    """A column lists filter or sort by, read off the entity: `Column("status", "text",
    lambda w: w.status)`.
    """

    name: str
    type: PgType
    read: Callable[[Any], object]


class RowTable(msgspec.Struct, frozen=True, dict=True):
    """A table without events beside the entities (public ids, personal data). Rows are upserted by `key`."""

    name: str
    key: tuple[str, ...]
    columns: tuple[tuple[str, PgType], ...]

    @property
    def types(self) -> tuple[PgType, ...]:
        """Of `upsert`'s parameters: op numbers, then the columns."""
        return ("int8", *(pg_type for _, pg_type in self.columns))

    @cached_property
    def upsert(self) -> str:
        """Parameters: op numbers, then one array per column."""
        names = [name for name, _ in self.columns]
        changed = [name for name in names if name not in self.key]
        return upsert_sql(self.name, self.columns, self.key, changed)


def arrays(rows: Iterable[Sequence[object]], *types: PgType) -> list[PgArray]:
    """Rows turned into parallel arrays, each of a fixed type whatever it holds."""
    columns = list(zip(*rows, strict=True))
    if not columns:
        return list(_empty(types))
    return [ARRAYS[pg_type](column) for pg_type, column in zip(types, columns, strict=True)]


@cache
def _empty(types: tuple[PgType, ...]) -> tuple[PgArray, ...]:
    return tuple(ARRAYS[pg_type](()) for pg_type in types)


def read_back(name: str, pg_type: PgType) -> str:
    match pg_type:
        case "jsonb":
            return f"x.{name}::jsonb"
        case "text[]" | "uuid[]":
            return f"array(select jsonb_array_elements_text(x.{name}::jsonb))::{pg_type}"
        case _:
            return f"x.{name}"


def upsert_sql(
    table: str,
    columns: Sequence[tuple[str, PgType]],
    key: Sequence[str],
    changed: Sequence[str],
) -> str:
    names = ", ".join(name for name, _ in columns)
    given = ", ".join(["%b"] * (len(columns) + 1))
    values = ", ".join(read_back(name, pg_type) for name, pg_type in columns)
    sets = ", ".join(f"{name} = excluded.{name}" for name in changed)
    action = f"do update set {sets}" if sets else "do nothing"
    return (
        f"insert into {table} ({names}) select {values} from unnest({given}) as x(op, {names})"
        f" where {ALIVE} order by {', '.join('x.' + name for name in key)}"
        f" on conflict ({', '.join(key)}) {action}"
    )


def plain(pg_type: PgType, value: object) -> object:
    """A value as it travels in an array: lists and documents as JSON text (`read_back` turns them back)."""
    if pg_type in ("jsonb", "text[]", "uuid[]") and value is not None:
        return msgspec.json.encode(value).decode()
    return value
