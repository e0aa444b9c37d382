"""Business time is injected: nothing in the bank asks the machine what time it is, except the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """`now()` is an aware UTC datetime and costs no I/O. `is_manual` tells whether somebody else moves it."""

    is_manual: bool

    def now(self) -> datetime: ...


class RealClock:
    """The machine's time."""

    is_manual: bool = False

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A clock of one process that stands until it is told, for tests without a database."""

    is_manual: bool = True

    def __init__(self, at: datetime) -> None:
        self._at: datetime = at.astimezone(UTC)

    def now(self) -> datetime:
        return self._at

    def advance(self, step: timedelta) -> None:
        self._at += step
