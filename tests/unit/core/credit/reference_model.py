"""Margin monitoring as plainly as it can be said: look at every loan at every price.

Written from the specification's words with fractions, sharing nothing with the code under test.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor, inf

COIN = 100_000_000
FULLY, MARGIN, LIQUIDATION = (
    "fully_collateralized",
    "under_margin_call_threshold",
    "under_liquidation_threshold",
)
NO_COLLATERAL, NO_EXPOSURE = "no_collateral", "no_exposure"


@dataclass
class Loan:
    collateral: int
    exposure: int
    margin_call: Decimal
    liquidation: Decimal
    state: str = NO_COLLATERAL

    def percent(self, price: int) -> float:
        value = floor(Fraction(self.collateral * price, COIN))
        if value == 0:
            return 0
        if self.exposure == 0:
            return inf
        quotient = Fraction(value, self.exposure)
        return floor(quotient * 100)

    def look(self, price: int) -> None:
        percent = self.percent(price)
        if percent == inf:
            found = NO_EXPOSURE
        elif percent == 0:
            found = NO_COLLATERAL
        elif percent >= self.margin_call:
            found = FULLY
        elif percent >= self.liquidation:
            found = MARGIN
        else:
            found = LIQUIDATION
        if self.state == MARGIN and found == FULLY and not percent > self.margin_call + 5:
            return
        self.state = found


@dataclass
class Book:
    loans: list[Loan]
    price: int

    def tick(self, price: int) -> None:
        self.price = price
        for loan in self.loans:
            loan.look(price)

    def change(self, number: int, collateral: int, exposure: int) -> None:
        loan = self.loans[number]
        loan.collateral, loan.exposure = collateral, exposure
        loan.look(self.price)
