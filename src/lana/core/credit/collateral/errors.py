"""Refusals about collateral."""

from __future__ import annotations

from lana.lib.errors import Kind, Refusal


class ManualUpdateError(Refusal):
    """A custodian says what its wallet holds."""

    prefix = "CollateralError"


class NoActiveLiquidation(Refusal):
    prefix = "CollateralError"


class AmountExceedsCollateral(Refusal):
    prefix = "CollateralError"


class LiquidationNotFound(Refusal):
    kind = Kind.NOT_FOUND
    prefix = "CollateralError"


class LiquidationNotCancellable(Refusal):
    """Coins were sent (or it is completed), or the facility is still under its threshold."""

    prefix = "CollateralError"


class AmountIsZero(Refusal):
    kind = Kind.VALIDATION
    prefix = "CollateralError"


class InvalidLiquidationPaymentCalculationInput(Refusal):
    kind = Kind.VALIDATION
    prefix = "CollateralError"


class NothingSentToLiquidation(Refusal):
    """Proceeds of coins that were not recorded as sent."""

    prefix = "CollateralError"


class CollateralReleased(Refusal):
    """The loan is over; its collateral went back, or is on its way."""

    prefix = "CollateralError"
