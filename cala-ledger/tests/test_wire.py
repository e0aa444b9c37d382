"""An array arrives as it was given, whatever it holds, and always under one type."""

from datetime import UTC, date, datetime
from uuid import UUID

import psycopg
import pytest

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

NOW = datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC)
EARLY = datetime(1969, 7, 20, tzinfo=UTC)
SAMPLES: list[tuple[type[PgArray], str, object, object]] = [
    (TextArray, "text[]", "", "Zürich ₿" * 30),
    (UuidArray, "uuid[]", UUID(int=1), UUID(int=2**128 - 1)),
    (Int8Array, "int8[]", -(2**63), 2**63 - 1),
    (BoolArray, "bool[]", True, False),
    (DateArray, "date[]", date(1, 1, 1), date(2100, 12, 31)),
    (TimestamptzArray, "timestamptz[]", NOW, EARLY),
    (ByteaArray, "bytea[]", b"", b"\x00\xff"),
]
SHAPES = ["", "a", "aa", "ab", "ba", "abab"]
WITH_NULLS = ["-", "--", "-a", "a-", "a-b", "-aa", "b-b"]


CASES = [
    pytest.param(sample, shape, id=f"{sample[1]}:{shape}")
    for sample in SAMPLES
    for shape in [*SHAPES, *([] if sample[0] is ByteaArray else WITH_NULLS)]
]


@pytest.mark.parametrize(("sample", "shape"), CASES)
def test_an_array_arrives_as_given(
    dsn: str, sample: tuple[type[PgArray], str, object, object], shape: str
) -> None:
    kind, pg_type, a, b = sample
    values = [{"a": a, "b": b, "-": None}[letter] for letter in shape]
    with psycopg.connect(dsn) as connection:
        connection.execute("set timezone = 'UTC'")
        found = connection.execute("select %b, pg_typeof(%b)::text", [kind(values), kind(values)]).fetchone()  # pyright: ignore[reportCallIssue]
    assert found == (
        values,
        pg_type.replace("int8", "bigint")
        .replace("bool", "boolean")
        .replace("timestamptz", "timestamp with time zone"),
    )
