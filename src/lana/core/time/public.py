"""What the bank's time tells the other domains."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from lana.lib.outbox import PublicEvent


class EndOfDay(PublicEvent, frozen=True, kw_only=True):
    """A day was closed. `day` is the local date of the closing instant."""

    module: ClassVar[str] = "Time"

    day: date
    closing_time: datetime
    timezone: str
