"""Run-time settings of credit."""

from __future__ import annotations

from typing import Final

from lana.core.domain_config import AnySetting, ConfigType, Setting


def release_floor(value: str) -> str | None:
    return None if value in ("NONE", "MARGIN_CALL", "INITIAL") else "one of NONE, MARGIN_CALL, INITIAL"


def days(value: int) -> str | None:
    return None if value <= MAX_DAYS else f"at most {MAX_DAYS} days"


MAX_DAYS: Final = 36_500

COLLATERAL_RELEASE_FLOOR: Final = Setting[str](
    "collateral-release-floor", ConfigType.STRING, "NONE", check=release_floor
)
PROPOSAL_EXPIRY_DAYS: Final = Setting[int]("proposal-expiry-days", ConfigType.UINT, 0, check=days)
ALLOW_PROPOSAL_WITHDRAWAL: Final = Setting[bool]("allow-proposal-withdrawal", ConfigType.BOOL, default=False)
CREDIT_REQUEST_EXPIRY_DAYS: Final = Setting[int](
    "credit-request-expiry-days", ConfigType.UINT, 30, check=days
)

SETTINGS: Final[tuple[AnySetting, ...]] = (
    COLLATERAL_RELEASE_FLOOR,
    PROPOSAL_EXPIRY_DAYS,
    ALLOW_PROPOSAL_WITHDRAWAL,
    CREDIT_REQUEST_EXPIRY_DAYS,
)
