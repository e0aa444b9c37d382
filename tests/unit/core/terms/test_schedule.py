"""Cycles and periods: the worked example, the edges, and that they tile the life of a loan."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lana.core.terms import Days, Interval, cycle_after, cycles, first_cycle, months_after, periods

MONTH, DAY = Interval.END_OF_MONTH, Interval.END_OF_DAY


def test_the_worked_example_has_cycles_of_17_28_31_and_15_days() -> None:
    found = list(cycles(date(2025, 1, 15), MONTH, date(2025, 4, 15)))
    assert [cycle.count for cycle in found] == [17, 28, 31, 15]
    assert found[-1] == Days(date(2025, 4, 1), date(2025, 4, 15))


def test_maturity_on_the_first_makes_a_cycle_of_one_day() -> None:
    found = list(cycles(date(2025, 1, 1), MONTH, date(2025, 2, 1)))
    assert [cycle.count for cycle in found] == [31, 1]


def test_nothing_follows_maturity() -> None:
    last = Days(date(2025, 4, 1), date(2025, 4, 15))
    assert cycle_after(last, MONTH, date(2025, 4, 15)) is None


def test_periods_go_on_behind_the_last_day_accrued() -> None:
    cycle = first_cycle(date(2025, 1, 15), MONTH, date(2025, 4, 15))
    assert [period.end.day for period in periods(cycle, DAY, date(2025, 1, 28))] == [29, 30, 31]
    assert list(periods(cycle, DAY, date(2025, 1, 31))) == []
    assert list(periods(cycle, MONTH)) == [cycle]


@given(
    start=st.dates(date(2000, 1, 1), date(2060, 1, 1)),
    months=st.integers(1, 60),
    cycle=st.sampled_from(Interval),
    period=st.sampled_from(Interval),
)
def test_cycles_and_periods_tile_the_life_of_a_loan(
    start: date, months: int, cycle: Interval, period: Interval
) -> None:
    maturity = months_after(start, months)
    found = list(cycles(start, cycle, maturity))
    inner = [each for one in found for each in periods(one, period)]
    for row in (found, inner):
        assert row[0].start == start
        assert row[-1].end == maturity
        assert all(b.start - a.end == timedelta(days=1) for a, b in pairwise(row))
        assert sum(each.count for each in row) == (maturity - start).days + 1
