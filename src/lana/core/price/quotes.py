"""What the providers say, and whether it is accepted. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

import msgspec

from lana.lib.money import UsdCents

AGREEING: Final = 2
"""So many providers that say nearly the same are believed, however far it is from the last price."""


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    provider: str
    price: UsdCents
    by_hand: bool = False


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What the bank goes by from now on, and what it did not believe."""

    accepted: Quote | None = None
    rejected: Quote | None = None


def judged(quotes: Sequence[Quote], last: UsdCents | None, limit_pct: Decimal) -> Judged:
    """The median; if it is not believed, what staff set by hand; else the price stays. At least one quote."""
    chosen = median(quotes)
    if is_acceptable(quotes, last, limit_pct):
        return Judged(accepted=chosen)
    by_hand = [quote for quote in quotes if quote.by_hand]
    return Judged(accepted=by_hand[0] if by_hand else None, rejected=chosen)


def median(quotes: Sequence[Quote]) -> Quote:
    """The upper one of two in the middle; of two that say the same, staff's. At least one quote."""
    return max(
        (quote for quote in quotes if quote.price == _median_price(quotes)), key=lambda quote: quote.by_hand
    )


def _median_price(quotes: Sequence[Quote]) -> UsdCents:
    return sorted(quote.price for quote in quotes)[len(quotes) // 2]


def is_acceptable(quotes: Sequence[Quote], last: UsdCents | None, limit_pct: Decimal) -> bool:
    """Near the last accepted price, or set by hand, or agreed upon."""
    chosen = median(quotes)
    if last is None or chosen.by_hand or _near(chosen.price, last, limit_pct):
        return True
    around = [quote for quote in quotes if _near(quote.price, chosen.price, limit_pct)]
    return len(around) >= AGREEING


def _near(price: UsdCents, of: UsdCents, limit_pct: Decimal) -> bool:
    return abs(price - of) * 100 <= Fraction(limit_pct) * of
