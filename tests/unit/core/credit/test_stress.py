"""A grid of prices over columns, beside one facility at a time."""

from __future__ import annotations

from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lana.core.credit.cvl import CollateralizationState as State
from lana.core.credit.cvl import Thresholds, cvl, next_state
from lana.core.credit.liquidation_amounts import to_restore
from lana.core.credit.stress import At, InvalidPrices, PriceRange, stress
from lana.core.credit.stress.columns import columns_of
from lana.core.credit.stress.grid import Prepared
from lana.lib.money import INT64_MAX, Satoshis, UsdCents, value_of

Loan = tuple[int, int, bool]
KEY = UUID(int=1)

coins = st.one_of(st.just(0), st.integers(0, 1_000), st.integers(0, 10**10), st.integers(0, 21 * 10**14))
cents = st.one_of(st.just(0), st.integers(0, 1_000), st.integers(0, 10**9), st.integers(0, 10**15))
prices = st.one_of(st.integers(1, 1_000), st.integers(1, 2 * 10**7), st.integers(1, 10**9))


def one_by_one(loans: list[Loan], at: Thresholds, price: int) -> At:
    counts = dict.fromkeys(State, 0)
    sell = cash = shortfall = 0
    for collateral, exposure, called in loans:
        held, owed, asked = Satoshis(collateral), UsdCents(exposure), UsdCents(price)
        stored = State.UNDER_MARGIN_CALL_THRESHOLD if called else State.FULLY_COLLATERALIZED
        state = next_state(stored, cvl(held, owed, asked), at)
        counts[state] += 1
        value = value_of(held, asked)
        shortfall += max(0, owed - value)
        if state is State.UNDER_LIQUIDATION_THRESHOLD:
            receive, liquidate = to_restore(held, owed, asked, at.initial)
            sell += min(liquidate, held)
            cash += min(receive, value)
    return At(
        price=UsdCents(price),
        fully_collateralized=counts[State.FULLY_COLLATERALIZED],
        under_margin_call=counts[State.UNDER_MARGIN_CALL_THRESHOLD],
        under_liquidation=counts[State.UNDER_LIQUIDATION_THRESHOLD],
        no_collateral=counts[State.NO_COLLATERAL],
        no_exposure=counts[State.NO_EXPOSURE],
        bitcoin_to_sell=Satoshis(sell),
        cash_returned=UsdCents(cash),
        shortfall=UsdCents(shortfall),
    )


@st.composite
def thresholds(draw: st.DrawFn) -> Thresholds:
    low, middle, high = sorted(draw(st.sets(st.decimals(100, 400, places=2), min_size=3, max_size=3)))
    return Thresholds(high, middle, low)


@settings(max_examples=300, deadline=None)
@given(
    loans=st.lists(st.tuples(coins, cents, st.booleans()), min_size=1, max_size=30),
    at=thresholds(),
    grid=st.lists(prices, min_size=1, max_size=20),
)
def test_a_grid_agrees_with_looking_at_each_facility(
    loans: list[Loan], at: Thresholds, grid: list[int]
) -> None:
    columns = columns_of(
        KEY,
        int(at.initial * 10**8),
        (at.liquidation_from, at.margin_call_from, at.back_from),
        (
            np.array([loan[0] for loan in loans], np.int64),
            np.array([loan[1] for loan in loans], np.int64),
            np.array([loan[2] for loan in loans], np.bool_),
        ),
    )
    for found in stress(Prepared.of(columns), np.array(grid, np.int64)).prices:
        expected = one_by_one(loans, at, found.price)
        for count in ("fully_collateralized", "under_margin_call", "under_liquidation", "no_collateral"):
            assert getattr(found, count) == getattr(expected, count), count
        assert found.no_exposure == expected.no_exposure
        # each facility rounds for itself: less than a cent, and the satoshis of a cent
        assert abs(found.bitcoin_to_sell - expected.bitcoin_to_sell) <= _satoshis_of_a_cent(found) * len(
            loans
        )
        assert abs(found.cash_returned - expected.cash_returned) <= len(loans)
        assert abs(found.shortfall - expected.shortfall) <= len(loans)


def _satoshis_of_a_cent(found: At) -> int:
    """Proceeds are rounded to a cent before they are satoshis."""
    return 10**8 // found.price + 2


def test_a_range_holds_both_ends_and_is_bounded() -> None:
    assert PriceRange(low=UsdCents(100), high=UsdCents(200), steps=4).prices() == [100, 125, 150, 175, 200]
    with pytest.raises(InvalidPrices):
        PriceRange(low=UsdCents(200), high=UsdCents(100), steps=4).prices()
    with pytest.raises(InvalidPrices):
        PriceRange(low=UsdCents(1), high=UsdCents(INT64_MAX), steps=10**9).prices()


def test_the_worked_example_of_liquidation() -> None:
    """5,000,000 against a bitcoin at 5,200,000: 4,500,000 and 86,538,462 satoshis."""
    columns = columns_of(
        KEY,
        140 * 10**8,
        (105, 125, 131),
        (np.array([100_000_000]), np.array([5_000_000]), np.array([False])),
    )
    (found,) = stress(Prepared.of(columns), np.array([5_200_000])).prices
    assert (found.under_liquidation, found.cash_returned, found.bitcoin_to_sell, found.shortfall) == (
        1,
        4_500_000,
        86_538_462,
        0,
    )
