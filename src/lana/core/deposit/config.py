"""Run-time settings of deposits."""

from __future__ import annotations

from typing import Final

from lana.core.domain_config import AnySetting, ConfigType, Setting

MAX_DAYS: Final = 36_500


def days(value: int) -> str | None:
    if value == 0:
        return "the value must be greater than 0"
    return None if value <= MAX_DAYS else f"at most {MAX_DAYS} days"


INACTIVE_DAYS: Final = Setting[int](
    "deposit-activity-inactive-threshold-days", ConfigType.UINT, 365, check=days
)
ESCHEATABLE_DAYS: Final = Setting[int](
    "deposit-activity-escheatable-threshold-days",
    ConfigType.UINT,
    3650,
    check=days,
    above=INACTIVE_DAYS.key,
)

SETTINGS: Final[tuple[AnySetting, ...]] = (INACTIVE_DAYS, ESCHEATABLE_DAYS)
