"""How much to sell, and what it brings: exact rational arithmetic, each rounding named."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import ceil

from lana.lib.money import Satoshis, UsdCents, checked_int64, satoshis_worth, value_of


def to_restore(
    collateral: Satoshis, outstanding: UsdCents, price: UsdCents, target_cvl: Decimal
) -> tuple[UsdCents, Satoshis]:
    """Proceeds and satoshis that bring the CVL to a target above 100 %: (O·r − C) / (r − 1), up to the cent,
    and its satoshis, up. `price` above 0.
    """
    target = Fraction(target_cvl) / 100
    missing = outstanding * target - value_of(collateral, price)
    receive = UsdCents(checked_int64(max(0, ceil(missing / (target - 1)))))
    return receive, satoshis_worth(receive, price)
