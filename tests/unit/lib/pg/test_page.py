from __future__ import annotations

import pytest

from lana.lib.pg.page import CursorDestructureError, decode_cursor, encode_cursor, position_text

GOOD = [
    ("text", "ann@example.com"),
    ("text", ""),
    ("uuid", "01a20590-a342-70ee-8339-b9f18ed81169"),
    ("int8", -(2**63)),
    ("int8", 2**63 - 1),
    ("bool", True),
    ("date", "2026-01-31"),
    ("timestamptz", "2026-01-31T09:30:00.000001+00:00"),
]
BAD = [
    *(("text", value) for value in ("a\0b", 1, None, ["x"])),
    *(("uuid", value) for value in ("", "x", 7, None, "01a20590-a342-70ee-8339-b9f18ed8116")),
    *(("int8", value) for value in (2**63, -(2**63) - 1, True, "1", 1.0, None)),
    *(("bool", value) for value in (1, "true", None)),
    *(("date", value) for value in ("2026-02-30", "", 20260131, None)),
    *(("timestamptz", value) for value in ("infinity", "2026-01-31T09:30:00", "now", "", 0, None)),
]


@pytest.mark.parametrize(("pg_type", "value"), GOOD)
def test_a_position_survives_its_cursor(pg_type: str, value: object) -> None:
    position = decode_cursor(encode_cursor({"by": value}), frozenset({"by"}))
    assert position_text(position, "by", pg_type) == str(value)


@pytest.mark.parametrize(("pg_type", "value"), BAD)
def test_a_value_that_the_column_cannot_hold_never_reaches_the_database(pg_type: str, value: object) -> None:
    with pytest.raises(CursorDestructureError):
        position_text({"by": value}, "by", pg_type)
