"""Cycles and periods of interest, in days of the bank's zone.

A cycle is what is posted at once, a period what is accrued at once; both begin where the one before ended.
The day of activation and the day of maturity each count whole; after maturity there is nothing more.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from lana.core.terms.primitives import Interval

ONE_DAY = timedelta(days=1)


class Days(msgspec.Struct, frozen=True, order=True):
    """From a first day to a last one, both included."""

    start: date
    end: date

    @property
    def count(self) -> int:
        return (self.end - self.start).days + 1


def span(start: date, interval: Interval, last: date) -> Days | None:
    """The period that begins on `start` and ends with its day or month, at the latest on `last`; none
    behind it.
    """
    if start > last:
        return None
    match interval:
        case Interval.END_OF_DAY:
            end = start
        case Interval.END_OF_MONTH:
            end = start.replace(day=monthrange(start.year, start.month)[1])
    return Days(start, min(end, last))


def first_cycle(activated_on: date, interval: Interval, maturity: date) -> Days:
    """Of a facility activated on a day not behind its maturity."""
    found = span(activated_on, interval, maturity)
    assert found is not None
    return found


def cycle_after(cycle: Days, interval: Interval, maturity: date) -> Days | None:
    """The next cycle, or none: the last one ends on the day of maturity."""
    return span(cycle.end + ONE_DAY, interval, maturity)


def cycles(start: date, interval: Interval, maturity: date) -> Iterator[Days]:
    """Every cycle from a first day to maturity."""
    found = span(start, interval, maturity)
    while found is not None:
        yield found
        found = cycle_after(found, interval, maturity)


def periods(cycle: Days, interval: Interval, after: date | None = None) -> Iterator[Days]:
    """The periods of a cycle, or those behind the last day accrued."""
    found = span(cycle.start if after is None else after + ONE_DAY, interval, cycle.end)
    while found is not None:
        yield found
        found = span(found.end + ONE_DAY, interval, cycle.end)
