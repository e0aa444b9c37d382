"""Amounts: US cents and satoshis, each an integer of 64 bits, distinct for the type checker and plain ints at
run time.

Guarantees: no binary floating point; what does not fit 64 bits is an error, never a wrap; a conversion from
decimals is exact or refused. Plain `+` on two amounts gives `int`: name the type again (`UsdCents(a + b)`),
or use `checked_add` where the result is stored. Cost: that of ints.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation, localcontext
from typing import NewType, TypeVar, cast

from lana.lib.errors import InvalidInput

UsdCents = NewType("UsdCents", int)
Satoshis = NewType("Satoshis", int)

Amount = TypeVar("Amount", UsdCents, Satoshis)

INT64_MAX = 2**63 - 1
INT64_MIN = -(2**63)
CENT_DIGITS = 2
SATOSHI_DIGITS = 8


class AmountOverflow(InvalidInput):
    """The result does not fit 64 bits."""

    prefix = "MoneyError"


class InexactAmount(InvalidInput):
    """The decimal has more digits than the currency's minor unit, or is no number."""

    prefix = "MoneyError"


def checked_int64(value: int) -> int:
    """The value, if 64 bits hold it. `AmountOverflow` otherwise."""
    if not INT64_MIN <= value <= INT64_MAX:
        raise AmountOverflow(f"{value} does not fit 64 bits")
    return value


def checked_add(left: Amount, right: Amount) -> Amount:
    """Sum in the same unit. `AmountOverflow`."""
    return cast("Amount", checked_int64(left + right))


def checked_sub(left: Amount, right: Amount) -> Amount:
    """Difference in the same unit; it may be negative. `AmountOverflow`."""
    return cast("Amount", checked_int64(left - right))


def checked_mul(amount: Amount, times: int) -> Amount:
    """Product in the same unit. `AmountOverflow`."""
    return cast("Amount", checked_int64(amount * times))


def _minor(major: Decimal, digits: int) -> int:
    with localcontext() as context:
        context.prec = 60
        try:
            shifted = major.scaleb(digits)
            whole = shifted.to_integral_value()
        except InvalidOperation as error:
            raise InexactAmount(f"{major} is no amount") from error
        if not shifted.is_finite() or shifted != whole:
            raise InexactAmount(f"{major} has more than {digits} decimals")
    return checked_int64(int(whole))


def _major(minor: int, digits: int) -> Decimal:
    with localcontext() as context:
        context.prec = 60
        return Decimal(minor).scaleb(-digits)


def usd_cents_of(usd: Decimal) -> UsdCents:
    """Dollars → cents, exactly. `InexactAmount`, `AmountOverflow`."""
    return UsdCents(_minor(usd, CENT_DIGITS))


def satoshis_of(btc: Decimal) -> Satoshis:
    """Bitcoin → satoshis, exactly. `InexactAmount`, `AmountOverflow`."""
    return Satoshis(_minor(btc, SATOSHI_DIGITS))


def usd_of(cents: UsdCents) -> Decimal:
    """Cents → dollars with two decimals."""
    return _major(cents, CENT_DIGITS)


def btc_of(satoshis: Satoshis) -> Decimal:
    """Satoshis → bitcoin with eight decimals."""
    return _major(satoshis, SATOSHI_DIGITS)


def format_usd(cents: UsdCents) -> str:
    """`$1,234.56`, `-$0.05`."""
    sign = "-" if cents < 0 else ""
    whole, rest = divmod(abs(cents), 10**CENT_DIGITS)
    return f"{sign}${whole:,}.{rest:02}"


def format_btc(satoshis: Satoshis) -> str:
    """`0.12345678 BTC`."""
    sign = "-" if satoshis < 0 else ""
    whole, rest = divmod(abs(satoshis), 10**SATOSHI_DIGITS)
    return f"{sign}{whole}.{rest:08} BTC"


SATOSHIS_OF_BTC = 10**SATOSHI_DIGITS


def value_of(satoshis: Satoshis, price: UsdCents) -> UsdCents:
    """What satoshis are worth at a price in cents per bitcoin, toward zero to the cent. `AmountOverflow`."""
    return UsdCents(checked_int64(satoshis * price // SATOSHIS_OF_BTC))


def satoshis_worth(cents: UsdCents, price: UsdCents) -> Satoshis:
    """How many satoshis make an amount at a price above zero, away from zero. `AmountOverflow`."""
    return Satoshis(checked_int64(-(-cents * SATOSHIS_OF_BTC // price)))
