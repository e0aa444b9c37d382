"""When an account counts as inactive, and when as escheatable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lana.core.deposit.activity import Thresholds
from lana.core.deposit.config import ESCHEATABLE_DAYS, INACTIVE_DAYS, MAX_DAYS
from lana.core.deposit.errors import ThresholdsOutOfOrder
from lana.core.deposit.history import IGNORED, NO_USE
from lana.core.deposit.primitives import Activity
from lana.core.domain_config.errors import InvalidState

CLOSING = datetime(2025, 1, 31, tzinfo=UTC)
TICK = timedelta(microseconds=1)
DEFAULT = Thresholds.at(CLOSING, inactive_days=365, escheatable_days=3650)


@pytest.mark.parametrize(
    ("last_used", "activity"),
    [
        (CLOSING + timedelta(days=9), Activity.ACTIVE),
        (datetime(2024, 2, 1, tzinfo=UTC), Activity.ACTIVE),
        (datetime(2024, 2, 1, tzinfo=UTC) - TICK, Activity.INACTIVE),
        (CLOSING - timedelta(days=3650), Activity.INACTIVE),
        (CLOSING - timedelta(days=3650) - TICK, Activity.ESCHEATABLE),
        (datetime(1, 1, 1, tzinfo=UTC), Activity.ESCHEATABLE),
    ],
)
def test_what_lies_before_a_threshold_counts_and_what_lies_on_it_does_not(
    last_used: datetime, activity: Activity
) -> None:
    assert DEFAULT.activity(last_used) is activity


@pytest.mark.parametrize(("inactive", "escheatable"), [(0, 10), (10, 10), (11, 10)])
def test_nothing_is_judged_by_thresholds_out_of_order(inactive: int, escheatable: int) -> None:
    with pytest.raises(ThresholdsOutOfOrder, match=f"inactive after {inactive} days"):
        Thresholds.at(CLOSING, inactive_days=inactive, escheatable_days=escheatable)


def test_the_longest_threshold_a_setting_takes_can_be_counted_back() -> None:
    Thresholds.at(CLOSING, inactive_days=MAX_DAYS - 1, escheatable_days=MAX_DAYS)


@pytest.mark.parametrize(("days", "message"), [(0, "greater than 0"), (MAX_DAYS + 1, "at most 36500 days")])
def test_a_threshold_is_a_number_of_days_within_bounds(days: int, message: str) -> None:
    for setting in (INACTIVE_DAYS, ESCHEATABLE_DAYS):
        with pytest.raises(InvalidState, match=message):
            setting.read(days)


def test_freezes_and_moves_between_layers_are_no_use_of_an_account() -> None:
    freezes = {f"{verb}_ACCOUNT_{side}" for verb in ("FREEZE", "UNFREEZE") for side in ("DR", "CR")}
    assert freezes | IGNORED == NO_USE
