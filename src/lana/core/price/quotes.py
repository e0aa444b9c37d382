"""What the providers say, and whether it is accepted. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from lana.lib.money import UsdCents

AGREEING: Final = 2
"""So many providers that say nearly the same are believed, however far it is from the last price."""


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    provider: str
    price: UsdCents
    by_hand: bool = False


def median(quotes: Sequence[Quote]) -> Quote:
    """The upper one of two in the middle. At least one quote."""
    return sorted(quotes, key=lambda quote: quote.price)[len(quotes) // 2]


def is_acceptable(quotes: Sequence[Quote], last: UsdCents | None, limit_pct: Decimal) -> bool:
    """Near the last accepted price, or set by hand, or agreed upon."""
    chosen = median(quotes)
    if last is None or _near(chosen.price, last, limit_pct):
        return True
    around = [quote for quote in quotes if _near(quote.price, chosen.price, limit_pct)]
    return len(around) >= AGREEING or any(quote.by_hand for quote in around)


def _near(price: UsdCents, of: UsdCents, limit_pct: Decimal) -> bool:
    return abs(price - of) * 100 <= limit_pct * of
