"""A business clock that stands still until told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta


class FixedTime:
    def __init__(self) -> None:
        self.at = datetime(2026, 1, 15, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def date_of(self, instant: datetime) -> date:
        return instant.date()

    def advance(self, by: timedelta) -> None:
        self.at += by
