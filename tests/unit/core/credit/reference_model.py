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
NOT_YET, UNDER = "not_yet_collateralized", "under_collateralized"


def percent(collateral: int, exposure: int, price: int) -> float:
    value = floor(Fraction(collateral * price, COIN))
    if value == 0:
        return 0
    if exposure == 0:
        return inf
    return floor(Fraction(value, exposure) * 100)


@dataclass
class Loan:
    """A facility."""

    collateral: int
    exposure: int
    margin_call: Decimal
    liquidation: Decimal
    state: str = NO_COLLATERAL

    def calculated(self, found: float) -> str:
        if found == inf:
            return NO_EXPOSURE
        if found == 0:
            return NO_COLLATERAL
        if found >= self.margin_call:
            return FULLY
        return MARGIN if found >= self.liquidation else LIQUIDATION

    def look(self, price: int) -> None:
        found = percent(self.collateral, self.exposure, price)
        calculated = self.calculated(found)
        if self.state == MARGIN and calculated == FULLY and not found > self.margin_call + 5:
            return
        self.state = calculated


@dataclass
class Waiting:
    """A pending facility; its exposure is its amount."""

    collateral: int
    exposure: int
    margin_call: Decimal
    liquidation: Decimal
    state: str = NOT_YET

    def look(self, price: int) -> None:
        self.state = FULLY if percent(self.collateral, self.exposure, price) >= self.margin_call else UNDER

    def activated(self, price: int) -> Loan:
        loan = Loan(self.collateral, self.exposure, self.margin_call, self.liquidation)
        loan.state = loan.calculated(percent(loan.collateral, loan.exposure, price))
        return loan


@dataclass
class Book:
    loans: list[Loan | Waiting]
    price: int

    def tick(self, price: int) -> None:
        self.price = price
        for loan in self.loans:
            loan.look(price)

    def change(self, number: int, collateral: int, exposure: int) -> None:
        loan = self.loans[number]
        loan.collateral, loan.exposure = collateral, exposure
        loan.look(self.price)
