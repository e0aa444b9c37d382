"""The calculator of liquidations: the worked example to the cent, every refusal, and what must hold of any answer."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lana.core.credit.calculator import Calculation, calculate
from lana.core.credit.collateral.errors import InvalidLiquidationPaymentCalculationInput
from lana.core.credit.cvl import cvl
from lana.lib.errors import InvalidInput
from lana.lib.money import Satoshis, UsdCents, value_of

COIN = 100_000_000


def at(
    outstanding: int = 5_000_000,
    price: int = 5_200_000,
    collateral: int = COIN,
    *,
    receive: int | None = None,
    liquidate: int | None = None,
    target: Decimal | int | None = None,
) -> Calculation:
    return calculate(
        Satoshis(collateral),
        UsdCents(outstanding),
        UsdCents(price),
        to_receive=None if receive is None else UsdCents(receive),
        to_liquidate=None if liquidate is None else Satoshis(liquidate),
        target_cvl=None if target is None else Decimal(target),
    )


def test_a_target_alone_gives_both() -> None:
    assert at(target=140) == Calculation(
        price=UsdCents(5_200_000),
        to_receive=UsdCents(4_500_000),
        to_liquidate=Satoshis(86_538_462),
        target_cvl=Decimal(140),
        effective_liquidation_price=UsdCents(5_200_000),
        liquidation_premium_pct=Decimal(0),
    )


def test_a_target_and_proceeds_give_what_may_be_sold() -> None:
    found = at(target=140, receive=4_000_000)
    assert (found.to_receive, found.to_liquidate) == (4_000_000, 73_076_924)
    assert found.effective_liquidation_price == 5_473_685
    assert str(found.liquidation_premium_pct).startswith("5.26317")


def test_a_target_and_a_sale_give_what_it_has_to_bring() -> None:
    found = at(target=140, liquidate=80_000_000)
    assert (found.to_receive, found.to_liquidate) == (4_257_143, 80_000_000)


def test_proceeds_and_a_sale_give_the_cvl_after_them() -> None:
    assert at(receive=4_000_000, liquidate=80_000_000).target_cvl == 104


def test_what_pays_everything_leaves_an_infinite_cvl_or_none_at_all() -> None:
    assert at(receive=5_000_000, liquidate=80_000_000).target_cvl is None
    assert at(receive=5_000_000, liquidate=COIN).target_cvl == 0


def test_a_target_of_zero_beside_another_gives_zeros() -> None:
    for found in (at(target=0, receive=4_000_000), at(target=0, liquidate=80_000_000)):
        assert (found.to_receive, found.to_liquidate) == (0, 0)
        assert found.effective_liquidation_price == found.price
        assert found.liquidation_premium_pct == 0


def test_without_a_sale_its_price_is_the_market_s() -> None:
    found = at(target=100, receive=5_000_000, collateral=0)
    assert (found.to_liquidate, found.effective_liquidation_price) == (0, 5_200_000)


def test_no_more_is_sold_than_there_is() -> None:
    """Worth 50 % of what is owed: the sale of all of it would have to bring more than the market gives."""
    found = at(target=140, price=2_500_000)
    assert (found.to_receive, found.to_liquidate) == (11_250_000, COIN)
    assert found.liquidation_premium_pct == 350


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"receive": 1},
        {"liquidate": 1},
        {"target": 140, "receive": 1, "liquidate": 1},
    ],
)
def test_too_few_and_too_many_are_refused(given: dict[str, int]) -> None:
    with pytest.raises(InvalidLiquidationPaymentCalculationInput) as refused:
        at(**given)
    assert str(refused.value) == (
        "CollateralError - InvalidLiquidationPaymentCalculationInput: Expected exactly 2 arguments."
    )


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"target": 140, "receive": 5_000_001}, "toReceive"),
        ({"receive": 5_000_001, "liquidate": 1}, "toReceive"),
        ({"target": 140, "liquidate": COIN + 1}, "toLiquidate"),
        ({"receive": 1, "liquidate": COIN + 1}, "toLiquidate"),
        ({"target": 100}, "targetCvl"),
        ({"target": 0}, "targetCvl"),
        ({"target": -1, "receive": 1}, "targetCvl"),
        ({"target": -1, "liquidate": 1}, "targetCvl"),
    ],
)
def test_more_than_there_is_and_targets_without_an_answer_are_refused(
    given: dict[str, int], field: str
) -> None:
    with pytest.raises(InvalidLiquidationPaymentCalculationInput) as refused:
        at(**given)
    assert refused.value.field == field


def test_what_64_bits_do_not_hold_is_refused() -> None:
    with pytest.raises(InvalidInput):
        at(outstanding=10**18, receive=10**18, liquidate=1)


@pytest.mark.parametrize(("outstanding", "target"), [(10**15, "100.01"), (2**63 - 1, "140")])
def test_proceeds_beyond_64_bits_are_refused_and_not_cut(outstanding: int, target: str) -> None:
    with pytest.raises(InvalidLiquidationPaymentCalculationInput) as refused:
        at(outstanding, 100_000, target=Decimal(target))
    assert refused.value.field == "targetCvl"


owed = st.integers(1, 10**12)
held = st.integers(0, 10**12)
prices = st.integers(1_000, 10**9)
targets = st.decimals("100.01", 400, places=2)


@given(owed, held, prices, targets, st.data())
def test_what_it_answers_reaches_the_target_when_it_can_be_reached(
    outstanding: int, collateral: int, price: int, target: Decimal, data: st.DataObject
) -> None:
    """A sale for these proceeds leaves the target, unless the collateral is worth less from the start."""
    receive = data.draw(st.integers(0, outstanding))
    found = at(outstanding, price, collateral, target=target, receive=receive)
    assert 0 <= found.to_liquidate <= collateral
    r, left = Fraction(target) / 100, outstanding - receive
    worth = value_of(Satoshis(collateral), UsdCents(price))
    sold = found.to_liquidate * Fraction(price, COIN)
    # up to the cent and up to the satoshi, so less than one of each below the target
    assert worth - sold > r * left - 1 - Fraction(price, COIN) or found.to_liquidate == 0
    if found.to_liquidate:
        assert worth - sold <= r * left


@given(owed, held, prices, targets, st.data())
def test_what_a_sale_has_to_bring_is_the_least_that_reaches_the_target(
    outstanding: int, collateral: int, price: int, target: Decimal, data: st.DataObject
) -> None:
    liquidate = data.draw(st.integers(0, collateral))
    found = at(outstanding, price, collateral, target=target, liquidate=liquidate)
    left = value_of(Satoshis(collateral - liquidate), UsdCents(price))
    r = Fraction(target) / 100
    assert 0 <= found.to_receive <= outstanding
    assert left >= r * (outstanding - found.to_receive)
    if found.to_receive:
        assert left < r * (outstanding - (found.to_receive - 1))


@given(owed, held, prices, st.data())
def test_the_cvl_after_both_is_that_of_what_is_left(
    outstanding: int, collateral: int, price: int, data: st.DataObject
) -> None:
    receive = data.draw(st.integers(0, outstanding))
    liquidate = data.draw(st.integers(0, collateral))
    if receive * COIN > 2**62 * max(liquidate, 1):
        return
    found = at(outstanding, price, collateral, receive=receive, liquidate=liquidate)
    after = cvl(Satoshis(collateral - liquidate), UsdCents(outstanding - receive), UsdCents(price))
    assert found.target_cvl == (None if after is None else Decimal(after))
    if liquidate:
        paid = found.effective_liquidation_price * liquidate
        assert receive * COIN <= paid < receive * COIN + liquidate
