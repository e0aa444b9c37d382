"""How old a price may be, and how far it may jump."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from lana.core.domain_config import AnySetting, ConfigType, Setting


def not_negative(value: Decimal) -> str | None:
    return None if value >= 0 else "the value must not be negative"


AGE_LIMIT_SECONDS: Final = Setting[int]("price-age-limit-seconds", ConfigType.UINT, 300)
DEVIATION_LIMIT_PCT: Final = Setting[Decimal](
    "price-deviation-limit-pct", ConfigType.DECIMAL, Decimal(10), check=not_negative
)

SETTINGS: Final[tuple[AnySetting, ...]] = (AGE_LIMIT_SECONDS, DEVIATION_LIMIT_PCT)
