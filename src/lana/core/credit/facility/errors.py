"""Refusals about facilities."""

from __future__ import annotations

from lana.lib.errors import Refusal


class OutstandingAmount(Refusal):
    """Something is still owed: see `CreditFacility.payoff`."""

    prefix = "CreditFacilityError"


class CollateralInLiquidation(Refusal):
    """Coins were sent to be sold, and what they brought is not recorded yet."""

    prefix = "CreditFacilityError"


class DisbursalOnInactiveFacility(Refusal):
    prefix = "CreditFacilityError"


class OnlyOneDisbursalAllowed(Refusal):
    prefix = "CreditFacilityError"


class DisbursalPastMaturityDate(Refusal):
    prefix = "CreditFacilityError"


class BelowMarginLimit(Refusal):
    prefix = "CreditFacilityError"


class PaymentBeforeFacilityActivation(Refusal):
    prefix = "CreditFacilityError"


class PaymentOnClosedFacility(Refusal):
    prefix = "CreditFacilityError"


class CustomerMismatchForCreditFacility(Refusal):
    prefix = "CoreCreditError"
