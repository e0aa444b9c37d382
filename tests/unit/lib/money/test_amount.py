from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lana.lib.money import (
    INT64_MAX,
    AmountOverflow,
    InexactAmount,
    Satoshis,
    UsdCents,
    btc_of,
    checked_add,
    checked_mul,
    checked_sub,
    format_btc,
    format_usd,
    satoshis_of,
    usd_cents_of,
    usd_of,
)


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (0, "$0.00"),
        (5, "$0.05"),
        (-5, "-$0.05"),
        (123456, "$1,234.56"),
        (10**12, "$10,000,000,000.00"),
    ],
)
def test_dollars_are_written_with_separators(cents: int, text: str) -> None:
    assert format_usd(UsdCents(cents)) == text


@pytest.mark.parametrize(
    ("satoshis", "text"),
    [
        (12345678, "0.12345678 BTC"),
        (-1, "-0.00000001 BTC"),
        (230 * 10**8, "230.00000000 BTC"),
    ],
)
def test_bitcoin_is_written_with_eight_decimals(satoshis: int, text: str) -> None:
    assert format_btc(Satoshis(satoshis)) == text


@given(st.integers(-(2**63), INT64_MAX))
def test_cents_and_dollars_convert_exactly_both_ways(cents: int) -> None:
    assert usd_cents_of(usd_of(UsdCents(cents))) == cents


@given(st.integers(-(2**63), INT64_MAX))
def test_satoshis_and_bitcoin_convert_exactly_both_ways(satoshis: int) -> None:
    assert satoshis_of(btc_of(Satoshis(satoshis))) == satoshis


@pytest.mark.parametrize("usd", ["0.001", "1.005", "NaN", "Infinity", "-Infinity", "1E-3"])
def test_fractions_of_a_cent_and_no_numbers_are_refused(usd: str) -> None:
    with pytest.raises(InexactAmount):
        usd_cents_of(Decimal(usd))


@pytest.mark.parametrize("usd", ["92233720368547758.08", "1E+40", "-92233720368547758.09"])
def test_what_64_bits_do_not_hold_is_refused(usd: str) -> None:
    with pytest.raises(AmountOverflow):
        usd_cents_of(Decimal(usd))


def test_overflow_is_an_error_not_a_wrap() -> None:
    top = UsdCents(INT64_MAX)
    with pytest.raises(AmountOverflow):
        checked_add(top, UsdCents(1))
    with pytest.raises(AmountOverflow):
        checked_sub(UsdCents(-INT64_MAX), UsdCents(2))
    with pytest.raises(AmountOverflow):
        checked_mul(Satoshis(2**62), 2)
    assert checked_add(top, UsdCents(-1)) == INT64_MAX - 1
