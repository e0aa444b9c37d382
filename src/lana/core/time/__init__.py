"""The bank's time: its clock, its day and when the day ends."""

from lana.core.time.bank_time import BankTime
from lana.core.time.clock.entity import BankClock
from lana.core.time.clock.repo import BankClockRepo
from lana.core.time.config import CLOSING_TIME, SETTINGS, TIMEZONE
from lana.core.time.public import EndOfDay
from lana.core.time.service import TimeService, TimeState

__all__ = [
    "CLOSING_TIME",
    "SETTINGS",
    "TIMEZONE",
    "BankClock",
    "BankClockRepo",
    "BankTime",
    "EndOfDay",
    "TimeService",
    "TimeState",
]
