"""What a facility owes and what secures it, as its own events say."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Final, Self

import msgspec

from lana.core.credit.cvl import cvl
from lana.core.credit.primitives import ObligationType
from lana.lib.money import INT64_MAX, Satoshis, UsdCents

SORT_SCALE: Final = 10**9
INFINITE: Final = INT64_MAX


class Outstanding(msgspec.Struct, frozen=True, kw_only=True):
    """US cents of principal and interest."""

    disbursed: UsdCents = UsdCents(0)
    interest: UsdCents = UsdCents(0)

    @property
    def total(self) -> UsdCents:
        return UsdCents(self.disbursed + self.interest)


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """Collateral held and amounts owed: all that is outstanding, of it what is payable (due or overdue), and
    what disbursals under way have reserved.
    """

    collateral: Satoshis = Satoshis(0)
    outstanding: Outstanding = Outstanding()
    payable: Outstanding = Outstanding()
    reserved: UsdCents = UsdCents(0)

    @property
    def exposure(self) -> UsdCents:
        return self.outstanding.total

    def cvl(self, price: UsdCents) -> int | None:
        """Whole percent of what is outstanding; None is infinite."""
        return cvl(self.collateral, self.exposure, price)

    def cvl_with(self, more: UsdCents, price: UsdCents) -> int | None:
        """As if `more` were outstanding besides, and what is reserved."""
        return cvl(self.collateral, UsdCents(self.exposure + self.reserved + more), price)

    def held(self, collateral: Satoshis) -> Self:
        return msgspec.structs.replace(self, collateral=collateral)

    def owed(
        self,
        *,
        disbursed: int = 0,
        interest: int = 0,
        disbursed_payable: int = 0,
        interest_payable: int = 0,
        reserved: int = 0,
    ) -> Self:
        """With each part so much higher (lower, where negative). ValueError below zero."""
        outstanding, payable = self.outstanding, self.payable
        return msgspec.structs.replace(
            self,
            outstanding=Outstanding(
                disbursed=_cents(outstanding.disbursed + disbursed),
                interest=_cents(outstanding.interest + interest),
            ),
            payable=Outstanding(
                disbursed=_cents(payable.disbursed + disbursed_payable),
                interest=_cents(payable.interest + interest_payable),
            ),
            reserved=_cents(self.reserved + reserved),
        )

    def owed_of(self, kind: ObligationType, *, outstanding: int, payable: int) -> Self:
        """`owed`, of one kind of obligation."""
        if kind is ObligationType.DISBURSAL:
            return self.owed(disbursed=outstanding, disbursed_payable=payable)
        return self.owed(interest=outstanding, interest_payable=payable)


def _cents(amount: int) -> UsdCents:
    if not 0 <= amount <= INT64_MAX:
        raise ValueError(f"{amount} cents are no amount a facility can owe")
    return UsdCents(amount)


def ratio(collateral: Satoshis, exposure: UsdCents) -> Decimal | None:
    """Satoshis per cent owed, to 28 digits; None is infinite."""
    if exposure == 0:
        return None
    with localcontext() as context:
        context.prec = 28
        return Decimal(collateral) / Decimal(exposure)


def sort_key(collateral: Satoshis, exposure: UsdCents) -> int:
    """Orders facilities by their ratio; infinite ones are the largest."""
    if exposure == 0:
        return INFINITE
    return min(collateral * SORT_SCALE // exposure, INFINITE - 1)
