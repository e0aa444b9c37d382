"""Keyset pages: bounded, stable under inserts, never an offset.

A cursor is the position after one row: unpadded base64 of compact JSON holding the id and the sort column's
value, and which sort made it. A cursor used with another sort is refused.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Generic, TypeVar, cast
from uuid import UUID

import msgspec

from lana.lib.errors import InvalidInput


class NegativeFirst(InvalidInput):
    variant = "NegativeFirst"
    prefix = "PaginationError"


class CursorDestructureError(InvalidInput):
    """The cursor is not one of this list's, or was made by another sort."""


class Direction(StrEnum):
    ASC = "ASC"
    DESC = "DESC"


class Order(msgspec.Struct, frozen=True):
    """Sort by one declared column, ties broken by id in the same direction."""

    by: str = "created_at"
    direction: Direction = Direction.DESC


class Page(msgspec.Struct, frozen=True):
    """`first` rows after the cursor. Rows above the limit are answered as the limit's, `has_next` tells the
    rest.
    """

    first: int
    after: str | None = None

    def size(self, limit: int) -> int:
        """How many rows to answer. A negative `first` is refused."""
        if self.first < 0:
            raise NegativeFirst('The "first" parameter must be a non-negative number', field="first")
        return min(self.first, limit)


T = TypeVar("T")
U = TypeVar("U")


class Found(msgspec.Struct, Generic[T], frozen=True):
    """A page of items, each with the cursor that continues after it."""

    items: Sequence[T]
    cursors: Sequence[str]
    has_next: bool

    def map(self, change: Callable[[T], U]) -> Found[U]:
        return Found([change(item) for item in self.items], self.cursors, self.has_next)


def encode_cursor(position: dict[str, object]) -> str:
    return base64.b64encode(msgspec.json.encode(position)).rstrip(b"=").decode()


def decode_cursor(cursor: str, expected: frozenset[str]) -> dict[str, object]:
    """The position a cursor stands for. `CursorDestructureError` unless it has exactly the expected names."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        position = cast("object", msgspec.json.decode(base64.b64decode(padded, validate=True)))
    except (binascii.Error, msgspec.DecodeError, UnicodeError, ValueError) as error:
        raise CursorDestructureError(f"couldn't turn {cursor[:64]!r} into a cursor", field="after") from error
    if not isinstance(position, dict) or cast("dict[str, object]", position).keys() != expected:
        raise CursorDestructureError(f"couldn't turn {cursor[:64]!r} into {sorted(expected)}", field="after")
    return cast("dict[str, object]", position)


def position_text(position: Mapping[str, object], name: str, pg_type: str) -> str:
    """A cursor's value as text that PostgreSQL reads as this type: anybody can write a cursor.

    `CursorDestructureError` for a value of another type.
    """
    value = position[name]
    try:
        match pg_type, value:
            case "text", str() if "\0" not in value:
                return value
            case "uuid", str():
                return str(UUID(value))
            case "timestamptz", str() if (at := datetime.fromisoformat(value)).tzinfo:
                return at.isoformat()
            case "date", str():
                return date.fromisoformat(value).isoformat()
            case "int8", int() if -(2**63) <= value < 2**63 and not isinstance(value, bool):
                return str(value)
            case "bool", bool():
                return str(value)
            case _:
                pass
    except ValueError:
        pass
    raise CursorDestructureError(f"a cursor's {name} is no {pg_type} this list could hold", field="after")
