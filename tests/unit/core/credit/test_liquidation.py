"""A liquidation: how much of it there should be, what was sent, what it brought."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lana.core.credit.cvl import cvl
from lana.core.credit.facility.errors import CollateralInLiquidation
from lana.core.credit.liquidation.entity import (
    Initialized,
    Liquidation,
    ProceedsReceived,
    ProceedsReceivedAndLiquidationCompleted,
)
from lana.core.credit.liquidation_amounts import to_restore
from lana.core.credit.margins import trigger_of
from lana.lib.authz import Ctx
from lana.lib.es.entity import ALREADY, DONE
from lana.lib.es.op import Op
from lana.lib.ids import new_id
from lana.lib.money import INT64_MAX, Satoshis, UsdCents, value_of
from tests.support.lending import terms
from tests.unit.core.credit.lent import DAY, NOON, a_facility

TODAY = date(2026, 1, 15)
COIN = Satoshis(100_000_000)


def liquidation() -> Liquidation:
    return Liquidation.born(
        Initialized(
            id=new_id(),
            collateral_id=new_id(),
            facility_id=new_id(),
            trigger_price=UsdCents(5_200_000),
            initially_expected_to_receive=UsdCents(4_500_000),
            initially_estimated_to_liquidate=Satoshis(86_538_462),
            collateral_in_liquidation_account_id=new_id(),
            liquidated_collateral_account_id=new_id(),
            proceeds_from_liquidation_account_id=new_id(),
        )
    )


def send(to: Liquidation, amount: int) -> object:
    return to.send(Satoshis(amount), new_id(), TODAY)


def receive(to: Liquidation, amount: int, *, completes: bool = True) -> object:
    return to.receive(UsdCents(amount), new_id(), TODAY, completes=completes)


def test_the_worked_example_expects_and_estimates_to_the_cent() -> None:
    assert to_restore(COIN, UsdCents(5_000_000), UsdCents(5_200_000), Decimal(140)) == (4_500_000, 86_538_462)


@pytest.mark.parametrize("price", [7_000_000, 7_000_001, 90_000_000])
def test_at_or_above_the_target_nothing_is_to_be_sold(price: int) -> None:
    assert to_restore(COIN, UsdCents(5_000_000), UsdCents(price), Decimal(140)) == (0, 0)


def test_one_that_starts_by_itself_is_capped_by_what_is_held_and_what_64_bits_hold() -> None:
    """A loan of billions with a target next to 100 %: looked at like any other."""
    facility = a_facility(values=terms(cvls=("100.01", "100.005", "100")))
    facility.move(facility.position.owed(disbursed=10**15))
    op = Op(Ctx.system("test"), NOON, DAY)
    trigger = trigger_of(facility, UsdCents(100_000), op)
    assert trigger.initially_expected_to_receive == INT64_MAX
    assert trigger.initially_estimated_to_liquidate == COIN


@given(
    exposure=st.integers(1, 10**11),
    percent=st.integers(1, 139),
    price=st.integers(100_000, 10**9),
    target=st.decimals("100.01", 400, places=2),
)
def test_the_sale_restores_the_target_and_one_cent_less_does_not(
    exposure: int, percent: int, price: int, target: Decimal
) -> None:
    """With what the proceeds are worth taken from the collateral's value, before coins are rounded."""
    held = Satoshis(exposure * percent * COIN // (100 * price))
    worth, r = value_of(held, UsdCents(price)), Fraction(target) / 100
    received, sold = to_restore(held, UsdCents(exposure), UsdCents(price), target)
    assert worth - received >= r * (exposure - received)
    if received:
        assert worth - (received - 1) < r * (exposure - (received - 1))
    assert 0 <= value_of(Satoshis(sold), UsdCents(price)) - received <= Fraction(price, COIN) + 1


def test_with_its_coins_rounded_up_the_worked_example_comes_out_at_139() -> None:
    left = Satoshis(COIN - 86_538_462)
    assert cvl(left, UsdCents(500_000), UsdCents(5_200_000)) == 139


def test_what_was_sent_is_booked_as_sold_once_over_several_tranches() -> None:
    made = liquidation()
    send(made, 40)
    assert receive(made, 1_000, completes=False) is DONE
    send(made, 20)
    send(made, 5)
    receive(made, 700, completes=False)
    receive(made, 50)
    booked = [
        event.liquidated
        for event in made.pending
        if isinstance(event, ProceedsReceived | ProceedsReceivedAndLiquidationCompleted)
    ]
    assert booked == [40, 25, 0]
    assert (made.sent_total, made.amount_received, made.liquidated) == (65, 1_750, 65)
    assert [each.amount for each in made.sent] == [40, 20, 5]
    assert [each.amount for each in made.received] == [1_000, 700, 50]
    assert made.completed
    assert not made.cancelled


def test_one_that_is_over_takes_nothing_more() -> None:
    made = liquidation()
    send(made, 40)
    receive(made, 1_000)
    assert send(made, 1) is ALREADY
    assert receive(made, 1) is ALREADY
    assert made.cancel() is ALREADY
    assert not made.cancelled


def test_a_cancelled_one_is_completed_too() -> None:
    made = liquidation()
    assert made.cancel() is DONE
    assert (made.completed, made.cancelled) == (True, True)
    assert made.cancel() is ALREADY


def test_with_its_loan_it_is_cancelled_or_completed_and_not_while_coins_are_out() -> None:
    untouched, sold = liquidation(), liquidation()
    assert untouched.end() is DONE
    assert (untouched.completed, untouched.cancelled) == (True, True)
    send(sold, 40)
    with pytest.raises(CollateralInLiquidation, match="40 satoshis"):
        sold.end()
    receive(sold, 1_000, completes=False)
    assert sold.end() is DONE
    assert (sold.completed, sold.cancelled) == (True, False)
    assert {untouched.end(), sold.end()} == {ALREADY}
    assert Liquidation.fold(sold.pending).completed


def test_one_is_sold_once_it_brought_something_and_all_that_was_sent_is_booked() -> None:
    made = liquidation()
    assert not made.is_sold
    send(made, 40)
    assert not made.is_sold
    receive(made, 1_000, completes=False)
    assert made.is_sold
    send(made, 1)
    assert not made.is_sold
