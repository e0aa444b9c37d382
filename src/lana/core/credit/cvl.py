"""Collateral to loan: the ratio in percent, the state it puts a loan in, and the prices at which that
changes.

CVL = value of the collateral / exposure, cut to a whole percent. A loan under the margin call comes back only
beyond `BUFFER` percent above it, from everywhere else at once.

For given collateral and exposure each state stays for one range of prices. `reach` names it, so a new price
concerns exactly the loans whose range it leaves: nobody is missed and nobody else is looked at. Everything is
exact arithmetic on integers; a price is cents per bitcoin.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from math import ceil, floor
from typing import Final

import msgspec

from lana.lib.money import INT64_MAX, SATOSHIS_OF_BTC, Satoshis, UsdCents

BUFFER: Final = 5
PERCENT: Final = 100


class CollateralizationState(StrEnum):
    FULLY_COLLATERALIZED = "fully_collateralized"
    UNDER_MARGIN_CALL_THRESHOLD = "under_margin_call_threshold"
    UNDER_LIQUIDATION_THRESHOLD = "under_liquidation_threshold"
    NO_COLLATERAL = "no_collateral"
    NO_EXPOSURE = "no_exposure"


class PendingState(StrEnum):
    """Of a loan that waits for its collateral."""

    FULLY_COLLATERALIZED = "fully_collateralized"
    UNDER_COLLATERALIZED = "under_collateralized"
    NOT_YET_COLLATERALIZED = "not_yet_collateralized"


class Thresholds(msgspec.Struct, frozen=True):
    """Percents of a loan's terms: initial > margin call > liquidation ≥ 100."""

    initial: Decimal
    margin_call: Decimal
    liquidation: Decimal

    @property
    def margin_call_from(self) -> int:
        """The least whole percent at or above the margin call."""
        return ceil(self.margin_call)

    @property
    def liquidation_from(self) -> int:
        return ceil(self.liquidation)

    @property
    def back_from(self) -> int:
        """The least whole percent that ends a margin call: beyond the buffer."""
        return floor(self.margin_call) + BUFFER + 1


class Reach(msgspec.Struct, frozen=True):
    """The prices at which a state changes: at or below `falls_at`, at or above `rises_at`; None: at none."""

    falls_at: int | None
    rises_at: int | None

    def left_by(self, price: UsdCents) -> bool:
        return (self.falls_at is not None and price <= self.falls_at) or (
            self.rises_at is not None and price >= self.rises_at
        )


ANYWHERE: Final = Reach(falls_at=INT64_MAX, rises_at=None)
"""Of a state that no price would give: the next price changes it."""


def cvl(collateral: Satoshis, exposure: UsdCents, price: UsdCents) -> int | None:
    """Whole percent; None is infinite. Worth nothing is 0, whatever the exposure."""
    value = collateral * price // SATOSHIS_OF_BTC
    if value == 0:
        return 0
    return None if exposure == 0 else value * PERCENT // exposure


def calculated(percent: int | None, at: Thresholds) -> CollateralizationState:
    """What a CVL says by itself."""
    if percent is None:
        return CollateralizationState.NO_EXPOSURE
    if percent == 0:
        return CollateralizationState.NO_COLLATERAL
    if percent >= at.margin_call_from:
        return CollateralizationState.FULLY_COLLATERALIZED
    if percent >= at.liquidation_from:
        return CollateralizationState.UNDER_MARGIN_CALL_THRESHOLD
    return CollateralizationState.UNDER_LIQUIDATION_THRESHOLD


def next_state(stored: CollateralizationState, percent: int | None, at: Thresholds) -> CollateralizationState:
    """The state after a look: the calculated one, but for the way back over the buffer."""
    found = calculated(percent, at)
    if (
        stored is CollateralizationState.UNDER_MARGIN_CALL_THRESHOLD
        and found is CollateralizationState.FULLY_COLLATERALIZED
        and percent is not None
        and percent < at.back_from
    ):
        return stored
    return found


def next_pending_state(percent: int | None, at: Thresholds) -> PendingState:
    """Of the CVL on the facility's amount."""
    if percent is None or percent >= at.margin_call_from:
        return PendingState.FULLY_COLLATERALIZED
    return PendingState.UNDER_COLLATERALIZED


def price_of(percent: int, collateral: Satoshis, exposure: UsdCents) -> int | None:
    """The least price with at least this CVL; None when no price of 64 bits reaches it. `percent` ≥ 1;
    exposure 0 asks for the least price at which the collateral is worth anything."""
    if collateral == 0:
        return None
    value = max(1, _up(percent * exposure, PERCENT))
    price = _up(value * SATOSHIS_OF_BTC, collateral)
    return price if price <= INT64_MAX else None


def reach(state: CollateralizationState, collateral: Satoshis, exposure: UsdCents, at: Thresholds) -> Reach:
    """The range of prices in which a stored state stays."""
    least = price_of(1, collateral, exposure)
    match state:
        case CollateralizationState.NO_COLLATERAL:
            return Reach(falls_at=None, rises_at=least)
        case CollateralizationState.NO_EXPOSURE:
            return _from(least) if exposure == 0 else ANYWHERE
        case _ if exposure == 0:
            return ANYWHERE
        case CollateralizationState.UNDER_LIQUIDATION_THRESHOLD:
            return _from(least, price_of(at.liquidation_from, collateral, exposure))
        case CollateralizationState.UNDER_MARGIN_CALL_THRESHOLD:
            low = price_of(at.liquidation_from, collateral, exposure)
            return _from(low, price_of(at.back_from, collateral, exposure))
        case CollateralizationState.FULLY_COLLATERALIZED:
            return _from(price_of(at.margin_call_from, collateral, exposure))


def pending_reach(state: PendingState, collateral: Satoshis, amount: UsdCents, at: Thresholds) -> Reach:
    """The range of prices in which a waiting loan's state stays."""
    full = price_of(at.margin_call_from, collateral, amount)
    match state:
        case PendingState.NOT_YET_COLLATERALIZED:
            return ANYWHERE
        case PendingState.UNDER_COLLATERALIZED:
            return Reach(falls_at=None, rises_at=full)
        case PendingState.FULLY_COLLATERALIZED:
            return _from(full)


def _from(low: int | None, high: int | None = None) -> Reach:
    """From `low` up to but without `high`; a state that begins beyond every price is left by any."""
    if low is None:
        return ANYWHERE
    return Reach(falls_at=low - 1 if low > 1 else None, rises_at=high)


def _up(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)
