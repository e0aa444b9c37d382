"""What the clock refuses."""

from __future__ import annotations

from lana.lib.errors import Refusal


class TimeEventsRefusal(Refusal):
    prefix = "TimeEventsError"


class TimeAdvanceUnavailable(TimeEventsRefusal):
    """The real clock is nobody's to move."""


class TimeAdvanceFailed(TimeEventsRefusal):
    """The clock did not move."""
