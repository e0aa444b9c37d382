"""How old a price may be, and how far it may jump."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from lana.core.domain_config import AnySetting, ConfigType, Setting

MAX_SECONDS: Final = 30 * 86_400
MAX_PCT: Final = 1_000


def seconds(value: int) -> str | None:
    return None if value <= MAX_SECONDS else f"at most {MAX_SECONDS} seconds"


def pct(value: Decimal) -> str | None:
    if value < 0:
        return "the value must not be negative"
    return None if value <= MAX_PCT else f"at most {MAX_PCT} percent"


AGE_LIMIT_SECONDS: Final = Setting[int]("price-age-limit-seconds", ConfigType.UINT, 300, check=seconds)
DEVIATION_LIMIT_PCT: Final = Setting[Decimal](
    "price-deviation-limit-pct", ConfigType.DECIMAL, Decimal(10), check=pct
)

SETTINGS: Final[tuple[AnySetting, ...]] = (AGE_LIMIT_SECONDS, DEVIATION_LIMIT_PCT)
