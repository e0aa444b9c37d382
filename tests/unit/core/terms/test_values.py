"""Arithmetic of terms against the specification's figures."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lana.core.terms import (
    MAX_CYCLES,
    DisbursalPolicy,
    Duration,
    Interval,
    InvalidTermValue,
    MarginCallAboveInitialLimit,
    MarginCallBelowLiquidationLimit,
    PeriodUnit,
    Term,
    TermValues,
    cycles,
)
from lana.lib.errors import Refusal
from lana.lib.money import INT64_MAX, AmountOverflow, UsdCents


def days(units: int) -> Duration:
    return Duration(PeriodUnit.DAYS, units)


def months(units: int) -> Duration:
    return Duration(PeriodUnit.MONTHS, units)


def terms(**changes: Any) -> TermValues:
    """Those of the first worked example: 12 %, 3 months, fee 5 %, CVL 140/125/105."""
    found = TermValues(
        annual_rate=Decimal(12),
        one_time_fee_rate=Decimal(5),
        duration=months(3),
        interest_due_duration_from_accrual=days(0),
        obligation_overdue_duration_from_due=days(50),
        obligation_liquidation_duration_from_due=None,
        accrual_interval=Interval.END_OF_DAY,
        accrual_cycle_interval=Interval.END_OF_MONTH,
        disbursal_policy=DisbursalPolicy.SINGLE_DISBURSAL,
        initial_cvl=Decimal(140),
        margin_call_cvl=Decimal(125),
        liquidation_cvl=Decimal(105),
    )
    return msgspec.structs.replace(found, **changes)


@pytest.mark.parametrize(
    ("rate", "principal", "count", "expected"),
    [
        (12, 100_000, 1, 33),
        (12, 50_000, 1, 17),
        (10, 100_000, 1, 28),
        (10, 4_100_000, 1, 1_124),
        (10, 2_913_768, 1, 799),
        (12, 100_000, 17, 559),
        (12, 100_000, 28, 921),
        (12, 100_000, 31, 1_020),
        (12, 100_000, 15, 494),
        (12, 105_000, 17, 587),
        (12, 105_000, 28, 967),
        (12, 105_000, 31, 1_071),
        (12, 105_000, 15, 518),
        (0, 100_000, 31, 0),
        (12, 0, 31, 0),
    ],
)
def test_interest_is_rounded_away_from_zero(rate: int, principal: int, count: int, expected: int) -> None:
    assert terms(annual_rate=Decimal(rate)).interest(UsdCents(principal), count) == expected


def test_fee_and_effective_rate_of_the_first_example() -> None:
    assert terms().fee(UsdCents(100_000)) == 5_000
    assert terms().fee(UsdCents(100_001)) == 5_001
    assert terms(one_time_fee_rate=Decimal(0)).fee(UsdCents(100_000)) == 0
    assert terms().effective_annual_rate == 32
    assert terms(duration=months(0)).effective_annual_rate == 12


@pytest.mark.parametrize(
    ("start", "count", "expected"),
    [
        (date(2025, 1, 15), 3, date(2025, 4, 15)),
        (date(2025, 1, 10), 24, date(2027, 1, 10)),
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2025, 12, 31), 2, date(2026, 2, 28)),
        (date(2025, 11, 30), 1, date(2025, 12, 30)),
    ],
)
def test_maturity_counts_calendar_months(start: date, count: int, expected: date) -> None:
    assert terms(duration=months(count)).maturity_date(start) == expected


@pytest.mark.parametrize(("count", "term"), [(1, Term.SHORT), (12, Term.SHORT), (13, Term.LONG)])
def test_twelve_months_are_short_term(count: int, term: Term) -> None:
    assert terms(duration=months(count)).term is term


BAD: list[tuple[dict[str, Any], type[Refusal], str]] = [
    ({"margin_call_cvl": Decimal(140)}, MarginCallAboveInitialLimit, "margin_call_cvl 140 >= initial_cvl 140"),
    ({"margin_call_cvl": Decimal(141)}, MarginCallAboveInitialLimit, "141"),
    ({"liquidation_cvl": Decimal(125)}, MarginCallBelowLiquidationLimit, "margin_call_cvl 125 <= liquidation_cvl 125"),
    ({"annual_rate": Decimal("-0.01")}, InvalidTermValue, "annualRate"),
    ({"annual_rate": Decimal(1001)}, InvalidTermValue, "annualRate"),
    ({"annual_rate": Decimal("0.123456789")}, InvalidTermValue, "annualRate"),
    ({"one_time_fee_rate": Decimal(-1)}, InvalidTermValue, "oneTimeFeeRate"),
    ({"one_time_fee_rate": Decimal(101)}, InvalidTermValue, "oneTimeFeeRate"),
    ({"duration": months(0)}, InvalidTermValue, "duration"),
    ({"duration": days(90)}, InvalidTermValue, "duration"),
    ({"duration": months(100_000)}, InvalidTermValue, "duration"),
    ({"duration": months(42), "accrual_cycle_interval": Interval.END_OF_DAY}, InvalidTermValue, "1303 cycles end_of_day"),
    ({"interest_due_duration_from_accrual": months(1)}, InvalidTermValue, "interestDueDurationFromAccrual"),
    ({"obligation_overdue_duration_from_due": days(-1)}, InvalidTermValue, "obligationOverdueDurationFromDue"),
    ({"obligation_liquidation_duration_from_due": months(2)}, InvalidTermValue, "obligationLiquidationDuration"),
    ({"liquidation_cvl": Decimal("99.99")}, InvalidTermValue, "liquidationCvl"),
    ({"initial_cvl": Decimal(10**9)}, InvalidTermValue, "initialCvl"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "refusal", "said"), BAD)
def test_terms_no_loan_can_have_are_refused(
    changes: dict[str, Any], refusal: type[Refusal], said: str
) -> None:
    with pytest.raises(refusal) as found:
        terms(**changes).check()
    assert said in found.value.message


def test_the_example_is_fine() -> None:
    terms().check()


LONGEST = [(Interval.END_OF_MONTH, 1_200), (Interval.END_OF_DAY, 41)]


@pytest.mark.parametrize(("interval", "count"), LONGEST)
@pytest.mark.parametrize("start", [date(2026, 1, 1), date(2026, 1, 31), date(2027, 7, 31), date(2028, 2, 29)])
def test_the_longest_loan_has_no_more_cycles_than_are_read_at_once(
    interval: Interval, count: int, start: date
) -> None:
    values = terms(duration=months(count), accrual_cycle_interval=interval)
    values.check()
    made = len(list(cycles(start, interval, values.maturity_date(start))))
    assert made <= values.most_cycles <= MAX_CYCLES


def test_what_passes_64_bits_is_an_error() -> None:
    with pytest.raises(AmountOverflow):
        terms(annual_rate=Decimal(1_000)).interest(UsdCents(INT64_MAX), 40)


@given(
    principal=st.integers(0, 10**14),
    count=st.integers(1, 400),
    rate=st.decimals(0, 1_000, places=8),
)
def test_interest_is_the_exact_quotient_rounded_up(principal: int, count: int, rate: Decimal) -> None:
    exact = Fraction(principal) * count * Fraction(rate) / 36_500
    assert terms(annual_rate=rate).interest(UsdCents(principal), count) == ceil(exact)


def test_terms_are_stored_exactly() -> None:
    stored = msgspec.json.encode(terms(annual_rate=Decimal("12.50")))
    assert msgspec.json.decode(stored, type=TermValues) == terms(annual_rate=Decimal("12.50"))
