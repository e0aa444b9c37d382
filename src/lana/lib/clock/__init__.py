"""The bank's clock: what business calls now, today and the next closing."""

from lana.lib.clock.clock import Clock, FixedClock, RealClock
from lana.lib.clock.closing import (
    business_date,
    closing_instant,
    first_instant,
    last_closed_day,
    next_closing,
)
from lana.lib.clock.manual import ManualClock

__all__ = [
    "Clock",
    "FixedClock",
    "ManualClock",
    "RealClock",
    "business_date",
    "closing_instant",
    "first_instant",
    "last_closed_day",
    "next_closing",
]
