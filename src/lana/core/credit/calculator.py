"""What a liquidation would bring, from two of: proceeds, satoshis sold, CVL afterwards. Exact rationals;
every amount of cents and satoshis is rounded up.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from math import ceil

import msgspec

from lana.core.credit.collateral.errors import InvalidLiquidationPaymentCalculationInput
from lana.core.credit.cvl import cvl
from lana.core.credit.liquidation_amounts import to_restore
from lana.lib.money import (
    INT64_MAX,
    SATOSHIS_OF_BTC,
    Satoshis,
    UsdCents,
    checked_int64,
    satoshis_worth,
    value_of,
)


class Calculation(msgspec.Struct, frozen=True, kw_only=True):
    """`target_cvl` None is infinite; `effective_liquidation_price` in cents per bitcoin sold."""

    price: UsdCents
    to_receive: UsdCents
    to_liquidate: Satoshis
    target_cvl: Decimal | None
    effective_liquidation_price: UsdCents
    liquidation_premium_pct: Decimal


def calculate(
    collateral: Satoshis,
    outstanding: UsdCents,
    price: UsdCents,
    *,
    to_receive: UsdCents | None,
    to_liquidate: Satoshis | None,
    target_cvl: Decimal | None,
) -> Calculation:
    """InvalidLiquidationPaymentCalculationInput for too few or too many, and for more than there is."""
    if to_receive is not None and to_receive > outstanding:
        raise InvalidLiquidationPaymentCalculationInput("toReceive > outstanding", field="toReceive")
    if target_cvl is not None and target_cvl < 0:
        raise InvalidLiquidationPaymentCalculationInput("targetCvl is below 0", field="targetCvl")
    if to_liquidate is not None and to_liquidate > collateral:
        raise InvalidLiquidationPaymentCalculationInput("toLiquidate > collateral", field="toLiquidate")
    match target_cvl, to_receive, to_liquidate:
        case Decimal(), None, None:
            receive, liquidate = _restore(collateral, outstanding, price, target_cvl)
        case Decimal(), int(), None:
            receive = to_receive
            liquidate = _for_proceeds(collateral, outstanding, price, (target_cvl, to_receive))
        case Decimal(), None, int():
            receive = _for_sale(collateral, outstanding, price, (target_cvl, to_liquidate))
            liquidate = to_liquidate
        case None, int(), int():
            receive, liquidate = to_receive, to_liquidate
            left = UsdCents(outstanding - to_receive)
            percent = cvl(Satoshis(collateral - to_liquidate), left, price)
            target_cvl = None if percent is None else Decimal(percent)
        case _:
            raise InvalidLiquidationPaymentCalculationInput("Expected exactly 2 arguments.")
    if target_cvl == 0 and None in (to_receive, to_liquidate) and (to_receive, to_liquidate) != (None, None):
        receive, liquidate = UsdCents(0), Satoshis(0)
    return _answer(price, receive, liquidate, target_cvl)


def _restore(
    collateral: Satoshis, outstanding: UsdCents, price: UsdCents, target_cvl: Decimal
) -> tuple[UsdCents, Satoshis]:
    if target_cvl <= 100:
        raise InvalidLiquidationPaymentCalculationInput("targetCvl is not above 100", field="targetCvl")
    receive, liquidate = to_restore(collateral, outstanding, price, target_cvl)
    if receive > INT64_MAX:
        raise InvalidLiquidationPaymentCalculationInput("toReceive exceeds 64 bits", field="targetCvl")
    return UsdCents(receive), Satoshis(min(liquidate, collateral))


def _for_proceeds(
    collateral: Satoshis, outstanding: UsdCents, price: UsdCents, given: tuple[Decimal, UsdCents]
) -> Satoshis:
    """How much may be sold for these proceeds."""
    target = Fraction(given[0]) / 100
    surplus = value_of(collateral, price) - target * (outstanding - given[1])
    return satoshis_worth(UsdCents(checked_int64(max(0, ceil(surplus)))), price)


def _for_sale(
    collateral: Satoshis, outstanding: UsdCents, price: UsdCents, given: tuple[Decimal, Satoshis]
) -> UsdCents:
    """What this sale has to bring."""
    target = Fraction(given[0]) / 100
    if target == 0:
        return UsdCents(0)
    left = value_of(Satoshis(collateral - given[1]), price)
    return UsdCents(checked_int64(max(0, ceil(outstanding - left / target))))


def _answer(
    price: UsdCents, receive: UsdCents, liquidate: Satoshis, target_cvl: Decimal | None
) -> Calculation:
    effective = ceil(Fraction(receive * SATOSHIS_OF_BTC, liquidate)) if liquidate else price
    with localcontext() as context:
        context.prec = 28
        premium = Decimal(effective - price) / Decimal(price) * 100
    return Calculation(
        price=price,
        to_receive=receive,
        to_liquidate=liquidate,
        target_cvl=target_cvl,
        effective_liquidation_price=UsdCents(checked_int64(effective)),
        liquidation_premium_pct=premium,
    )
