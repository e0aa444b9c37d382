from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lana.lib.clock import business_date, closing_instant, last_closed_day, next_closing

NEW_YORK = ZoneInfo("America/New_York")
UTC_ZONE = ZoneInfo("UTC")
ZONES = [
    "UTC",
    "America/New_York",
    "America/El_Salvador",
    "Europe/Madrid",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("now", "closing", "expected"),
    [
        # spring: 02:30 does not exist on 14 March 2021
        ("2021-03-14T06:00Z", "02:30", "2021-03-14T07:30Z"),
        ("2021-03-14T07:10Z", "02:30", "2021-03-14T07:30Z"),
        ("2021-03-14T07:30Z", "02:30", "2021-03-15T06:30Z"),
        # autumn: 01:30 comes twice on 7 November 2021
        ("2021-11-07T04:30Z", "01:30", "2021-11-07T05:30Z"),
        ("2021-11-07T05:00Z", "01:30", "2021-11-07T05:30Z"),
        ("2021-11-07T05:30Z", "01:30", "2021-11-08T06:30Z"),
        ("2021-11-07T05:45Z", "01:30", "2021-11-08T06:30Z"),
        ("2021-11-07T06:10Z", "01:30", "2021-11-07T06:30Z"),
        ("2021-11-07T06:15Z", "01:30", "2021-11-07T06:30Z"),
        ("2021-11-07T06:30Z", "01:30", "2021-11-08T06:30Z"),
    ],
)
def test_closing_in_new_york_when_the_clocks_jump(now: str, closing: str, expected: str) -> None:
    assert next_closing(at(now), NEW_YORK, time.fromisoformat(closing)) == at(expected)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-01-15T23:59:59.999999Z", "2026-01-16T00:00Z"),
        ("2026-01-16T00:00:00Z", "2026-01-17T00:00Z"),
        ("2026-01-16T00:00:00.000001Z", "2026-01-17T00:00Z"),
    ],
)
def test_exactly_at_closing_the_next_one_is_tomorrows(now: str, expected: str) -> None:
    assert next_closing(at(now), UTC_ZONE, time(0)) == at(expected)


def test_closing_belongs_to_the_day_its_instant_falls_on() -> None:
    assert last_closed_day(at("2026-02-01T00:00Z"), UTC_ZONE, time(0)) == date(2026, 2, 1)
    assert last_closed_day(at("2026-01-31T23:59:59Z"), UTC_ZONE, time(0)) == date(2026, 1, 31)
    assert last_closed_day(at("2026-01-31T17:59Z"), UTC_ZONE, time(18)) == date(2026, 1, 30)


def test_day_that_closed_does_not_open_again_in_autumn() -> None:
    half_past = at("2021-11-07T05:30Z")
    assert last_closed_day(half_past, NEW_YORK, time(1, 30)) == date(2021, 11, 7)
    assert closing_instant(date(2021, 11, 7), NEW_YORK, time(1, 30)) == half_past


def test_today_is_the_date_in_the_banks_zone() -> None:
    assert business_date(at("2026-01-16T03:00Z"), NEW_YORK) == date(2026, 1, 15)


@given(
    now=st.datetimes(datetime(2000, 1, 1), datetime(2037, 12, 31)).map(lambda d: d.replace(tzinfo=UTC)),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    closing=st.times().map(lambda t: t.replace(microsecond=0)),
)
def test_next_closing_is_ahead_and_no_more_than_26_hours_away(
    now: datetime, zone: ZoneInfo, closing: time
) -> None:
    following = next_closing(now, zone, closing)
    assert now < following <= now + timedelta(hours=26)


@given(
    start=st.datetimes(datetime(2000, 1, 1), datetime(2037, 12, 1)).map(lambda d: d.replace(tzinfo=UTC)),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    closing=st.times().map(lambda t: t.replace(microsecond=0)),
)
def test_from_closing_to_closing_no_day_is_skipped_or_closed_twice(
    start: datetime, zone: ZoneInfo, closing: time
) -> None:
    now = next_closing(start, zone, closing)
    for _ in range(5):
        day = last_closed_day(now, zone, closing)
        now = next_closing(now, zone, closing)
        assert last_closed_day(now, zone, closing) == day + timedelta(days=1)
