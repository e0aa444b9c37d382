"""A portfolio as columns: of each facility the prices at which its state would change, exactly.

Prices are cents per bitcoin; `NEVER` stands where no price of 64 bits does it. Integers throughout: where a
product could pass 64 bits, that facility is worked out by Python's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec
import numpy as np
from numpy.typing import NDArray

from lana.core.credit.cvl import price_of
from lana.lib.money import INT64_MAX, SATOSHIS_OF_BTC, Satoshis, UsdCents

Ints = NDArray[np.int64]

NEVER: Final = INT64_MAX
MOST_CENTS: Final = INT64_MAX // SATOSHIS_OF_BTC - 1
MOST_EXPOSURE: Final = INT64_MAX // 100_000 - 1


class Columns(msgspec.Struct, frozen=True):
    """One group of equal terms. `initial_cvl_e8`: percent × 10⁸."""

    terms_key: UUID
    initial_cvl_e8: int
    collateral: Ints
    exposure: Ints
    worth_from: Ints
    """From here the collateral is worth anything at all."""
    covered_from: Ints
    liquidation_ends: Ints
    margin_call_ends: Ints

    @property
    def count(self) -> int:
        return len(self.collateral)


def columns_of(
    terms_key: UUID,
    initial_cvl_e8: int,
    thresholds: tuple[int, int, int],
    rows: tuple[Ints, Ints, NDArray[np.bool_]],
) -> Columns:
    """From collateral, exposure, and whether the stored state is under the margin call, which ends only
    beyond the buffer. `thresholds`: whole percents of liquidation, margin call, and the way back from it.
    """
    liquidation, margin_call, back = thresholds
    collateral, exposure, called = rows
    fully, back_again = _prices(margin_call, collateral, exposure), _prices(back, collateral, exposure)
    return Columns(
        terms_key=terms_key,
        initial_cvl_e8=initial_cvl_e8,
        collateral=collateral,
        exposure=exposure,
        worth_from=_prices(1, collateral, exposure),
        covered_from=_prices(100, collateral, exposure),
        liquidation_ends=_prices(liquidation, collateral, exposure),
        margin_call_ends=np.where(called, back_again, fully),
    )


def _prices(percent: int, collateral: Ints, exposure: Ints) -> Ints:
    """`cvl.price_of` over columns."""
    safe_exposure = np.minimum(exposure, MOST_EXPOSURE)
    value = np.maximum(1, -(-(safe_exposure * percent) // 100))
    safe_value = np.minimum(value, MOST_CENTS)
    held = np.maximum(collateral, 1)
    prices = -(-(safe_value * SATOSHIS_OF_BTC) // held)
    prices = np.where(collateral == 0, NEVER, prices)
    beyond: Sequence[int] = np.flatnonzero((exposure > MOST_EXPOSURE) | (value > MOST_CENTS)).tolist()
    for at in beyond:
        found = price_of(percent, Satoshis(int(collateral[at])), UsdCents(int(exposure[at])))
        prices[at] = NEVER if found is None else found
    return prices
