"""CVL, states and the prices at which they change."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lana.core.credit.cvl import (
    ANYWHERE,
    CollateralizationState,
    PendingState,
    Reach,
    Thresholds,
    calculated,
    cvl,
    next_pending_state,
    next_state,
    pending_reach,
    price_of,
    reach,
)
from lana.lib.money import INT64_MAX, Satoshis, UsdCents, satoshis_worth, value_of
from tests.unit.core.credit.reference_model import Book, Loan, Waiting

State = CollateralizationState
FULLY, MARGIN = State.FULLY_COLLATERALIZED, State.UNDER_MARGIN_CALL_THRESHOLD
LIQUIDATION = State.UNDER_LIQUIDATION_THRESHOLD
AT = Thresholds(Decimal(140), Decimal(125), Decimal(105))
COIN = Satoshis(100_000_000)


def usd(cents: int) -> UsdCents:
    return UsdCents(cents)


def sats(amount: int) -> Satoshis:
    return Satoshis(amount)


@pytest.mark.parametrize(
    ("collateral", "exposure", "price", "expected"),
    [
        (1_400_000, 100_000, 10_000_000, 140),
        (1_400_000, 100_561, 10_000_000, 139),
        (1_400_000, 50_000, 10_000_000, 280),
        (1_400_000, 51_402, 10_000_000, 272),
        (150_000_000, 4_100_000, 10_000_000, 365),
        (150_000_000, 9_100_000, 10_000_000, 164),
        (100_000_000, 5_000_000, 5_200_000, 104),
        (13_461_538, 5_000_000, 5_200_000, 13),
        (13_461_538, 500_000, 5_200_000, 139),
        (0, 0, 10_000_000, 0),
        (COIN, 0, 10_000_000, None),
        (1, 0, 1, 0),
    ],
)
def test_the_worked_examples_cvls(collateral: int, exposure: int, price: int, expected: int | None) -> None:
    assert cvl(sats(collateral), usd(exposure), usd(price)) == expected


def test_values_go_toward_zero_and_coins_away_from_it() -> None:
    assert value_of(sats(13_461_538), usd(5_200_000)) == 699_999
    assert satoshis_worth(usd(4_500_000), usd(5_200_000)) == 86_538_462


def test_the_worked_example_of_thresholds() -> None:
    """Exposure 5,000,000, one bitcoin, 125/105: each price with the state after it."""
    path = [
        (7_000_000, FULLY), (6_250_000, FULLY), (6_249_999, MARGIN), (6_500_000, MARGIN), (6_549_999, MARGIN),
        (6_550_000, FULLY), (6_249_999, MARGIN), (5_250_000, MARGIN), (5_249_999, LIQUIDATION), (6_250_000, FULLY),
    ]  # fmt: skip
    state = FULLY
    for price, expected in path:
        stays = not reach(state, COIN, usd(5_000_000), AT).left_by(usd(price))
        assert stays is (expected is state), price
        state = next_state(state, cvl(COIN, usd(5_000_000), usd(price)), AT)
        assert state is expected, price


def test_the_prices_at_which_the_example_changes() -> None:
    def of(state: CollateralizationState) -> Reach:
        return reach(state, COIN, usd(5_000_000), AT)

    assert of(FULLY) == Reach(6_249_999, None)
    assert of(MARGIN) == Reach(5_249_999, 6_550_000)
    assert of(LIQUIDATION) == Reach(49_999, 5_250_000)
    assert of(State.NO_COLLATERAL) == Reach(None, 50_000)
    assert of(State.NO_EXPOSURE) == ANYWHERE


amounts = st.one_of(st.integers(0, 400), st.integers(0, 10**9), st.integers(0, INT64_MAX))
coins = st.one_of(st.integers(0, 400), st.integers(0, 10 * COIN), st.integers(0, 21 * 10**14))
prices = st.one_of(st.integers(1, 400), st.integers(1, 10**8), st.integers(1, INT64_MAX))


@st.composite
def thresholds(draw: st.DrawFn) -> Thresholds:
    low, middle, high = sorted(draw(st.sets(st.decimals(100, 400, places=2), min_size=3, max_size=3)))
    return Thresholds(high, middle, low)


@settings(max_examples=500)
@given(
    state=st.sampled_from(State),
    collateral=coins,
    exposure=amounts,
    at=thresholds(),
    price=prices,
    near=st.booleans(),
)
@example(state=MARGIN, collateral=COIN, exposure=5_000_000, at=AT, price=6_549_999, near=False)
def test_a_state_changes_at_exactly_the_prices_its_reach_names(
    state: CollateralizationState, collateral: int, exposure: int, at: Thresholds, price: int, near: bool
) -> None:
    found = reach(state, sats(collateral), usd(exposure), at)
    edges = [edge + step for edge in (found.falls_at, found.rises_at) if edge for step in (-1, 0, 1)]
    for each in edges if near and edges else [price]:
        if 0 < each <= INT64_MAX:
            stays = next_state(state, cvl(sats(collateral), usd(exposure), usd(each)), at) is state
            assert stays is not found.left_by(usd(each)), (each, found)


@settings(max_examples=300)
@given(
    state=st.sampled_from(PendingState),
    collateral=coins,
    amount=st.integers(1, INT64_MAX),
    at=thresholds(),
    price=prices,
)
def test_a_waiting_loan_changes_at_exactly_the_prices_its_reach_names(
    state: PendingState, collateral: int, amount: int, at: Thresholds, price: int
) -> None:
    found = pending_reach(state, sats(collateral), usd(amount), at)
    for each in {price, *(edge for edge in (found.falls_at, found.rises_at) if edge)}:
        stays = next_pending_state(cvl(sats(collateral), usd(amount), usd(each)), at) is state
        assert stays is not found.left_by(usd(each))


@given(collateral=st.integers(1, 21 * 10**14), exposure=st.integers(1, 10**15), percent=st.integers(1, 1_000))
def test_price_of_is_the_least_that_reaches_a_cvl(collateral: int, exposure: int, percent: int) -> None:
    least = price_of(percent, sats(collateral), usd(exposure))
    if least is None:
        return
    assert (cvl(sats(collateral), usd(exposure), usd(least)) or 0) >= percent
    if least > 1:
        assert (cvl(sats(collateral), usd(exposure), usd(least - 1)) or 0) < percent


@given(collateral=coins, more=coins, exposure=st.integers(1, 10**15), price=prices, higher=prices)
def test_cvl_grows_with_price_and_collateral(
    collateral: int, more: int, exposure: int, price: int, higher: int
) -> None:
    here = cvl(sats(collateral), usd(exposure), usd(price)) or 0
    assert (cvl(sats(collateral + more), usd(exposure), usd(price)) or 0) >= here
    assert (cvl(sats(collateral), usd(exposure), usd(max(price, higher))) or 0) >= here


# --- a portfolio kept by its reaches, beside one that is looked at whole ----------------------------------------

PORTFOLIOS = int(os.environ.get("CREDIT_MODEL_PORTFOLIOS", "10000"))


class Kept:
    """States moved only where a reach is left: the rule the bank runs on."""

    def __init__(self, loans: list[Loan | Waiting]) -> None:
        self.loans = [(sats(each.collateral), usd(each.exposure), self.thresholds(each)) for each in loans]
        self.states: list[State | PendingState] = [
            State.NO_COLLATERAL if isinstance(each, Loan) else PendingState.NOT_YET_COLLATERALIZED
            for each in loans
        ]
        self.reaches = [ANYWHERE for _ in loans]

    @staticmethod
    def thresholds(loan: Loan | Waiting) -> Thresholds:
        return Thresholds(loan.margin_call + 1, loan.margin_call, loan.liquidation)

    def look(self, number: int, price: int) -> None:
        collateral, exposure, at = self.loans[number]
        percent = cvl(collateral, exposure, usd(price))
        match self.states[number]:
            case State() as state:
                self._become(number, next_state(state, percent, at))
            case PendingState():
                self._become(number, next_pending_state(percent, at))

    def _become(self, number: int, state: State | PendingState) -> None:
        self.states[number] = state
        of = reach(state, *self.loans[number]) if isinstance(state, State) else None
        self.reaches[number] = of or pending_reach(PendingState(state), *self.loans[number])

    def tick(self, price: int) -> None:
        for number, kept in enumerate(self.reaches):
            if kept.left_by(usd(price)):
                self.look(number, price)

    def change(self, number: int, collateral: int, exposure: int, price: int) -> None:
        self.loans[number] = (sats(collateral), usd(exposure), self.loans[number][2])
        self.look(number, price)

    def activate(self, number: int, price: int) -> None:
        collateral, exposure, at = self.loans[number]
        self._become(number, calculated(cvl(collateral, exposure, usd(price)), at))

    def edge(self, number: int, upper: bool, step: int, otherwise: int) -> int:
        """A price next to one at which a state changes."""
        found = self.reaches[number % len(self.reaches)]
        edge = found.rises_at if upper else found.falls_at
        return min(max(1, (edge or otherwise) + step), INT64_MAX)


def walk(loans: list[Loan | Waiting], start: int, path: Iterable[tuple[str, int, int, int]]) -> None:
    """Both go the same way; their states are compared after each step."""
    kept, book = Kept(loans), Book(loans, start)
    book.tick(start)
    kept.tick(start)
    for what, first, second, third in path:
        number = first % len(loans)
        loan = book.loans[number]
        if what == "change":
            exposure = second if isinstance(loan, Loan) else loan.exposure
            book.change(number, third, exposure)
            kept.change(number, third, exposure, book.price)
        elif what == "activate":
            if isinstance(loan, Waiting) and loan.state == FULLY.value:
                book.loans[number] = loan.activated(book.price)
                kept.activate(number, book.price)
        else:
            price = first if what == "tick" else kept.edge(first, bool(third), second, book.price)
            book.tick(price)
            kept.tick(price)
        assert [state.value for state in kept.states] == [each.state for each in book.loans]


def drawn_loan(chance: random.Random) -> Loan | Waiting:
    """Like the bank's, or tiny, where every rounding shows; some owe nothing, some hold nothing."""
    low, high = sorted(chance.sample(range(1_000, 3_000), 2))
    at = (Decimal(high) / 10, Decimal(low) / 10)
    coins, cents = chance.choice([(3 * COIN, 20_000_000), (400, 400), (10**13, 10**12)])
    collateral = chance.choice([0, chance.randrange(coins), chance.randrange(coins)])
    if chance.random() < 0.3:
        return Waiting(collateral, chance.randrange(1, cents), *at)
    return Loan(collateral, chance.choice([0, chance.randrange(cents), chance.randrange(cents)]), *at)


def drawn_price(chance: random.Random, last: int) -> int:
    """The same again, a step, a jump, or a price at which rounding is all there is."""
    jump = chance.choice(
        [chance.randrange(1, 20_000_000), chance.randrange(1, 400), chance.randrange(1, 10**15)]
    )
    step = max(1, last + chance.randrange(-last // 20 - 1, last // 20 + 2))
    return chance.choice([last, step, step, jump])


def drawn_path(chance: random.Random, loans: int, price: int) -> Iterator[tuple[str, int, int, int]]:
    for _ in range(12):
        number = chance.randrange(loans)
        match chance.choice(["tick", "tick", "edge", "edge", "edge", "change", "activate"]):
            case "tick":
                price = drawn_price(chance, price)
                yield "tick", price, 0, 0
            case "edge":
                yield "edge", number, chance.choice([-1, 0, 1]), chance.randrange(2)
            case "change":
                yield "change", number, chance.randrange(20_000_000), chance.randrange(3 * COIN)
            case what:
                yield what, number, 0, 0


def test_ten_thousand_portfolios_kept_by_their_reaches_miss_nothing() -> None:
    """`CREDIT_MODEL_PORTFOLIOS` says how many. A number that fails is the whole of its example."""
    for number in range(PORTFOLIOS):
        chance = random.Random(number)
        loans = [drawn_loan(chance) for _ in range(chance.randrange(1, 5))]
        start = drawn_price(chance, 6_000_000)
        try:
            walk(loans, start, drawn_path(chance, len(loans), start))
        except AssertionError as found:
            raise AssertionError(f"portfolio {number}") from found


small_coins = st.integers(0, 3 * COIN)
small_amounts = st.integers(0, 20_000_000)
small_prices = st.integers(1, 20_000_000)


@st.composite
def loan_or_waiting(draw: st.DrawFn) -> Loan | Waiting:
    low, high = sorted(draw(st.sets(st.decimals(100, 300, places=1), min_size=2, max_size=2)))
    collateral, owed = draw(small_coins), draw(small_amounts)
    return (
        Waiting(collateral, max(1, owed), high, low)
        if draw(st.booleans())
        else Loan(collateral, owed, high, low)
    )


steps = st.one_of(
    st.tuples(st.just("tick"), small_prices, st.just(0), st.just(0)),
    st.tuples(st.just("edge"), st.integers(0, 7), st.sampled_from([-1, 0, 1]), st.integers(0, 1)),
    st.tuples(st.just("change"), st.integers(0, 7), small_amounts, small_coins),
    st.tuples(st.just("activate"), st.integers(0, 7), st.just(0), st.just(0)),
)


@settings(
    max_examples=int(os.environ.get("CREDIT_MODEL_EXAMPLES", "400")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    loans=st.lists(
        loan_or_waiting(),
        min_size=1,
        max_size=8,
    ),
    start=small_prices,
    path=st.lists(steps, max_size=40),
)
def test_a_portfolio_kept_by_its_reaches_misses_nothing(
    loans: list[Loan | Waiting], start: int, path: list[tuple[str, int, int, int]]
) -> None:
    walk(loans, start, path)
