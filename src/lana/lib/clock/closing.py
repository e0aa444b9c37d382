"""When the bank's day ends, in a zone whose clocks jump twice a year. Pure.

A closing belongs to the calendar day on which its wall-clock time is read: the closing of 16 January at the
default 00:00:00 is the instant 16 January begins. A wall-clock time that does not exist that day (spring)
means one hour later; one that comes twice (autumn) means the first, or the second when the first has passed
while the wall clock has not yet gone beyond it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def business_date(now: datetime, zone: ZoneInfo) -> date:
    """The bank's "today"."""
    return now.astimezone(zone).date()


def first_instant(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins in a zone, in UTC."""
    return closing_instant(day, zone, time())


def closing_instant(day: date, zone: ZoneInfo, closing_time: time) -> datetime:
    """When `day` closes, in UTC: the first of two, one hour later than one that does not exist."""
    wall = datetime.combine(day, closing_time)
    if not _exists(wall, zone):
        wall += HOUR
    return wall.replace(tzinfo=zone).astimezone(UTC)


def next_closing(now: datetime, zone: ZoneInfo, closing_time: time) -> datetime:
    """The first closing strictly after `now`, in UTC. `now` is aware."""
    return _next(now, zone, closing_time)[1]


def last_closed_day(now: datetime, zone: ZoneInfo, closing_time: time) -> date:
    """The latest day whose closing has passed at `now`."""
    return _next(now, zone, closing_time)[0] - DAY


def _next(now: datetime, zone: ZoneInfo, closing_time: time) -> tuple[date, datetime]:
    local = now.astimezone(zone)
    today = local.date()
    wall = datetime.combine(today, closing_time)
    if not _exists(wall, zone):
        shifted = closing_instant(today, zone, closing_time)
        if shifted > now:
            return today, shifted
    elif wall > local.replace(tzinfo=None):
        first = wall.replace(tzinfo=zone).astimezone(UTC)
        second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
        return today, first if first > now else second
    return today + DAY, closing_instant(today + DAY, zone, closing_time)


def _exists(wall: datetime, zone: ZoneInfo) -> bool:
    """Does the zone's wall clock ever read this? (Through UTC and back it must stay the same.)"""
    there_and_back = wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    return there_and_back.replace(tzinfo=None) == wall
