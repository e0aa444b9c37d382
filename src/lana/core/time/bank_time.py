"""Now, today and the next closing, by the bank's clock in the bank's zone."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lana.core.domain_config import Settings
from lana.core.time.config import CLOSING_TIME, TIMEZONE
from lana.lib.clock import Clock, business_date, first_instant, last_closed_day, next_closing


class BankTime:
    def __init__(self, clock: Clock, settings: Settings) -> None:
        self.clock: Clock = clock
        self._settings: Settings = settings

    @property
    def zone(self) -> ZoneInfo:
        return self._settings.get(TIMEZONE)

    @property
    def closing_time(self) -> time:
        return self._settings.get(CLOSING_TIME)

    def now(self) -> datetime:
        return self.clock.now()

    def today(self) -> date:
        return business_date(self.now(), self.zone)

    def date_of(self, instant: datetime) -> date:
        return business_date(instant, self.zone)

    def next_closing(self, after: datetime | None = None) -> datetime:
        return next_closing(after or self.now(), self.zone, self.closing_time)

    def last_closed_day(self) -> date:
        return last_closed_day(self.now(), self.zone, self.closing_time)

    def start_of(self, day: date) -> datetime:
        """The first instant of a day in the bank's zone."""
        return first_instant(day, self.zone)

    def end_of(self, day: date) -> datetime:
        """The last microsecond of a day in the bank's zone."""
        return first_instant(day + timedelta(days=1), self.zone) - timedelta(microseconds=1)
