"""Arrays as PostgreSQL reads them, with a fixed type each.

A driver picks an array's type by its elements: an empty list, a list of None or a list of small integers
would each turn one statement text into another prepared statement. Here a column has one type whatever it
holds. Encoding is one `struct` call for columns of fixed width, about 0.1 µs an element, and one join for
text.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import chain, repeat
from struct import Struct, pack
from typing import Final, TypeVar, cast
from uuid import UUID

import psycopg
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format

_EPOCH_DAY: Final = date(2000, 1, 1).toordinal()
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_NULL: Final = b"\xff\xff\xff\xff"


_16_BYTES: Final = pack(">i", 16)
_LENGTH: Final = Struct(">i").pack

V = TypeVar("V")


def _each(values: Sequence[V | None], encode: Callable[[V], bytes]) -> bytes:
    """Elements one after the other, each behind its length. Columns of one value are common, and cheap."""
    first = values[0] if values else None
    if values.count(first) == len(values):
        return _element(first, encode) * len(values)
    if None in values:
        return b"".join([_element(value, encode) for value in values])
    encoded = map(encode, cast("Sequence[V]", values))
    return b"".join([_LENGTH(len(element)) + element for element in encoded])


def _element(value: V | None, encode: Callable[[V], bytes]) -> bytes:
    if value is None:
        return _NULL
    element = encode(value)
    return _LENGTH(len(element)) + element


class PgArray:
    """Encoded bytes of a one-dimensional array; subclasses fix the type."""

    __slots__ = ("data",)
    element_oid = 0

    def __init__(self, size: int, nulls: bool, body: bytes) -> None:
        self.data: Final = (
            pack(">iiiii", 1, nulls, self.element_oid, size, 1) + body
            if size
            else pack(">iii", 0, 0, self.element_oid)
        )


class Int8Array(PgArray):
    __slots__ = ()
    element_oid = 20

    def __init__(self, values: Sequence[int | None]) -> None:
        if None in values:
            super().__init__(len(values), True, _each(values, lambda value: pack(">q", value)))
            return
        body = pack(">" + "iq" * len(values), *chain.from_iterable(zip(repeat(8), values)))
        super().__init__(len(values), False, body)


class UuidArray(PgArray):
    __slots__ = ()
    element_oid = 2950

    def __init__(self, values: Sequence[UUID | None]) -> None:
        try:
            elements = [value.int.to_bytes(16, "big") for value in cast("Sequence[UUID]", values)]
        except AttributeError:  # a null among them; looking for it would call Python's `==` for each element
            super().__init__(len(values), True, _each(values, lambda value: value.bytes))
            return
        # each element stands behind the separator, so the first stands behind nothing
        super().__init__(len(values), False, _16_BYTES.join([b"", *elements]))


class BoolArray(PgArray):
    __slots__ = ()
    element_oid = 16

    def __init__(self, values: Sequence[bool | None]) -> None:
        super().__init__(len(values), None in values, _each(values, lambda value: pack(">?", value)))


class DateArray(PgArray):
    __slots__ = ()
    element_oid = 1082

    def __init__(self, values: Sequence[date | None]) -> None:
        body = _each(values, lambda value: pack(">i", value.toordinal() - _EPOCH_DAY))
        super().__init__(len(values), None in values, body)


class TextArray(PgArray):
    __slots__ = ()
    element_oid = 25

    def __init__(self, values: Sequence[str | None]) -> None:
        super().__init__(len(values), None in values, _each(values, str.encode))


class ByteaArray(PgArray):
    __slots__ = ()
    element_oid = 17

    def __init__(self, values: Sequence[bytes]) -> None:
        super().__init__(len(values), False, _each(values, bytes))


class BytesAsUuidArray(PgArray):
    """16 bytes each, as uuid[]: of fixed width, so PostgreSQL finds each at once."""

    __slots__ = ()
    element_oid = 2950

    def __init__(self, values: Sequence[bytes]) -> None:
        super().__init__(len(values), False, _16_BYTES.join([b"", *values]))


class TimestamptzArray(PgArray):
    __slots__ = ()
    element_oid = 1184

    def __init__(self, values: Sequence[datetime | None]) -> None:
        body = _each(values, lambda value: pack(">q", (value - _EPOCH) // _MICROSECOND))
        super().__init__(len(values), None in values, body)


class _ArrayDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: PgArray) -> Buffer | None:
        return obj.data


def _register(kind: type[PgArray], array_oid: int) -> None:
    dumper = type(f"{kind.__name__}Dumper", (_ArrayDumper,), {"oid": array_oid})
    psycopg.adapters.register_dumper(kind, dumper)


for _kind, _oid in (
    (Int8Array, 1016),
    (UuidArray, 2951),
    (BoolArray, 1000),
    (DateArray, 1182),
    (TextArray, 1009),
    (ByteaArray, 1001),
    (BytesAsUuidArray, 2951),
    (TimestamptzArray, 1185),
):
    _register(_kind, _oid)
