"""How much to sell, and what it brings: exact rational arithmetic, each rounding named."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import ceil

from lana.lib.money import SATOSHIS_OF_BTC, Satoshis, UsdCents, value_of


def to_restore(
    collateral: Satoshis, outstanding: UsdCents, price: UsdCents, target_cvl: Decimal
) -> tuple[int, int]:
    """Proceeds and satoshis that bring the CVL to a target above 100 %: (O·r − C) / (r − 1), up to the cent,
    and its satoshis, up. `price` above 0. Either may be more than there is, and than 64 bits hold.
    """
    target = Fraction(target_cvl) / 100
    missing = outstanding * target - value_of(collateral, price)
    receive = max(0, ceil(missing / (target - 1)))
    return receive, -(-receive * SATOSHIS_OF_BTC // price)
