"""A grid of prices over a portfolio, without looking at any facility twice.

Sorted by the prices at which their states change, the facilities in one state at a price are a slice; counts
are differences of places, and sums differences of running sums. So a price costs some binary searches,
whatever the number of facilities. Counts are exact. What would be sold and what it would bring is linear in
collateral and exposure within one group of terms, so it is worked out once per price and group, and rounded
once: proceeds and satoshis up, values down. It differs from facility by facility by less than a cent or a
satoshi for each facility it concerns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec
import numpy as np

from lana.core.credit.stress.columns import Columns, Ints
from lana.lib.money import INT64_MAX, SATOSHIS_OF_BTC, AmountOverflow, Satoshis, UsdCents

HUNDRED_E8: Final = 100 * 10**8


class At(msgspec.Struct, frozen=True, kw_only=True):
    """A group of equal terms at one price."""

    price: UsdCents
    fully_collateralized: int
    under_margin_call: int
    under_liquidation: int
    no_collateral: int
    no_exposure: int
    bitcoin_to_sell: Satoshis
    cash_returned: UsdCents
    shortfall: UsdCents


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    terms_key: UUID
    facilities: int
    prices: Sequence[At]


class Sorted(msgspec.Struct, frozen=True):
    """Breakpoints in order, with running sums of collateral and exposure in that order."""

    at: Ints
    collateral: Ints
    exposure: Ints

    @classmethod
    def of(cls, at: Ints, collateral: Ints, exposure: Ints) -> Sorted:
        order = np.argsort(at, kind="stable")
        return cls(at[order], _running(collateral[order]), _running(exposure[order]))

    def places(self, prices: Ints) -> Ints:
        """How many breakpoints are at or below each price: those are behind it."""
        return np.searchsorted(self.at, prices, side="right").astype(np.int64)


class Prepared(msgspec.Struct, frozen=True):
    """A group ready for any grid."""

    columns: Columns
    worth: Sorted
    covered: Sorted
    liquidation: Sorted
    margin_call: Sorted
    idle: Ints
    """Breakpoints of facilities that owe nothing: from there their collateral is worth anything."""

    @classmethod
    def of(cls, columns: Columns) -> Prepared:
        owing = columns.exposure > 0
        held, owed = columns.collateral[owing], columns.exposure[owing]
        return cls(
            columns,
            Sorted.of(columns.worth_from[owing], held, owed),
            Sorted.of(columns.covered_from[owing], held, owed),
            Sorted.of(columns.liquidation_ends[owing], held, owed),
            Sorted.of(columns.margin_call_ends[owing], held, owed),
            np.sort(columns.worth_from[~owing]),
        )


def stress(group: Prepared, prices: Ints) -> Outlook:
    """Every price, in the order given; prices above 0."""
    worth, covered = group.worth.places(prices), group.covered.places(prices)
    liquidation, margin_call = group.liquidation.places(prices), group.margin_call.places(prices)
    # under the liquidation at a price: its collateral is worth something, and its liquidation has not ended
    # there; of these the ones not covered sell all they have
    sells_all = _between(group.worth, worth, group.covered, covered)
    restores = _between(group.covered, covered, group.liquidation, liquidation)
    uncovered_collateral, uncovered_exposure = _beyond(group.covered, covered)
    idle = np.searchsorted(group.idle, prices, side="right")
    return Outlook(
        terms_key=group.columns.terms_key,
        facilities=group.columns.count,
        prices=[
            _at(group.columns.initial_cvl_e8, *row)
            for row in zip(
                prices.tolist(),
                zip(
                    margin_call.tolist(),
                    (liquidation - margin_call).tolist(),
                    (worth - liquidation).tolist(),
                    (len(group.worth.at) - worth + len(group.idle) - idle).tolist(),
                    idle.tolist(),
                    strict=True,
                ),
                zip(*(each.tolist() for each in (*sells_all, *restores)), strict=True),
                zip(uncovered_collateral.tolist(), uncovered_exposure.tolist(), strict=True),
                strict=True,
            )
        ],
    )


def _at(
    initial_cvl_e8: int,
    price: int,
    counts: tuple[int, ...],
    sold: tuple[int, ...],
    uncovered: tuple[int, ...],
) -> At:
    fully, under_margin_call, under_liquidation, no_collateral, no_exposure = counts
    all_of_collateral, _, restore_collateral, restore_exposure = sold
    above = initial_cvl_e8 - HUNDRED_E8
    missing = restore_exposure * initial_cvl_e8 * SATOSHIS_OF_BTC - restore_collateral * price * HUNDRED_E8
    missing = max(0, missing)
    value_uncovered = uncovered[0] * price // SATOSHIS_OF_BTC
    return At(
        price=UsdCents(price),
        fully_collateralized=fully,
        under_margin_call=under_margin_call,
        under_liquidation=under_liquidation,
        no_collateral=no_collateral,
        no_exposure=no_exposure,
        bitcoin_to_sell=Satoshis(all_of_collateral + _up(missing, above * price)),
        cash_returned=UsdCents(
            all_of_collateral * price // SATOSHIS_OF_BTC + _up(missing, above * SATOSHIS_OF_BTC)
        ),
        shortfall=UsdCents(max(0, uncovered[1] - value_uncovered)),
    )


def _between(inside: Sorted, entered: Ints, outside: Sorted, left: Ints) -> tuple[Ints, Ints]:
    """Sums over those past one breakpoint and not past the other."""
    return (
        inside.collateral[entered] - outside.collateral[left],
        inside.exposure[entered] - outside.exposure[left],
    )


def _beyond(of: Sorted, places: Ints) -> tuple[Ints, Ints]:
    """Sums over those whose breakpoint is above the price."""
    return of.collateral[-1] - of.collateral[places], of.exposure[-1] - of.exposure[places]


def _running(values: Ints) -> Ints:
    """AmountOverflow where a sum of the whole group would pass 64 bits."""
    if float(np.sum(values, dtype=np.float64)) >= INT64_MAX:
        raise AmountOverflow("the portfolio's sum")
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(values, dtype=np.int64)])


def _up(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)
