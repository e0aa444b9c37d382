from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from strawberry.types.scalar import ScalarDefinition

from lana.lib.graphql.scalars import SCALARS, AnnualRatePct, InvalidValue, SignedUsdCents
from lana.lib.money import Satoshis, UsdCents


def parse(kind: object, value: object) -> object:
    definition: ScalarDefinition = SCALARS[kind]
    assert definition.parse_value is not None
    return definition.parse_value(value)


def write(kind: object, value: object) -> object:
    definition = SCALARS[kind]
    assert definition.serialize is not None
    return definition.serialize(value)


@pytest.mark.parametrize("value", [-1, 1.0, "1", True, None, 2**63, 1e3])
def test_amounts_are_whole_numbers_from_nought(value: object) -> None:
    for kind in (UsdCents, Satoshis):
        with pytest.raises(InvalidValue):
            parse(kind, value)


def test_amounts_reach_to_64_bits() -> None:
    assert parse(UsdCents, 2**63 - 1) == 2**63 - 1
    assert parse(SignedUsdCents, -(2**63)) == -(2**63)
    with pytest.raises(InvalidValue):
        parse(SignedUsdCents, -(2**63) - 1)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999999999", "a", True, [], "1" * 100])
def test_decimals_are_finite_and_short(value: object) -> None:
    with pytest.raises(InvalidValue):
        parse(AnnualRatePct, value)


def test_decimals_travel_as_text_and_come_as_text_or_number() -> None:
    assert parse(Decimal, "12.5") == parse(Decimal, 12.5) == Decimal("12.5")
    assert parse(Decimal, 12) == Decimal(12)
    assert write(Decimal, Decimal("1E+2")) == "100"


def test_instants_are_rfc_3339_in_utc() -> None:
    assert parse(datetime, "2026-01-31T10:30:00+01:00") == datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
    assert write(datetime, datetime(2026, 1, 31, 9, 30, 0, 5000, tzinfo=UTC)) == "2026-01-31T09:30:00.005000Z"
    for value in (
        "2026-01-31",
        "2026-01-31T10:30:00",
        "2026-13-01T00:00:00Z",
        5,
        "0001-01-01T00:00:00+23:59",
    ):
        with pytest.raises(InvalidValue):
            parse(datetime, value)


def test_dates_are_exact() -> None:
    assert parse(date, "2028-02-29") == date(2028, 2, 29)
    for value in ("2026-02-30", "20260131", "2026-01-31T00:00:00Z", 5):
        with pytest.raises(InvalidValue):
            parse(date, value)


def test_ids_are_hyphenated_uuids() -> None:
    text = "018F0000-0000-7000-8000-000000000001"
    assert write(UUID, parse(UUID, text)) == text.lower()
    for value in ("018f0000000070008000000000000001", f"{{{text}}}", "", 5, None):
        with pytest.raises(InvalidValue):
            parse(UUID, value)
