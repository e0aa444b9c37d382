from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lana.core.credit import CollateralizationState as State
from lana.core.credit import Facility, FacilityStatus
from lana.core.credit.facility import events as e
from lana.core.credit.facility.entity import LiquidationTrigger, OpenCycle
from lana.core.credit.facility.errors import OutstandingAmount
from lana.core.credit.position import INFINITE
from lana.core.terms import Days
from lana.lib.es.entity import ALREADY, DONE
from lana.lib.money import Satoshis, UsdCents
from tests.unit.core.credit.lent import DAY, MATURITY, a_facility

FULLY, MARGIN = State.FULLY_COLLATERALIZED, State.UNDER_MARGIN_CALL_THRESHOLD
LIQUIDATION = State.UNDER_LIQUIDATION_THRESHOLD
TX, LIQUIDATING, ANOTHER = UUID(int=50), UUID(int=51), UUID(int=52)
NOTHING = UsdCents(0)
PRICE = UsdCents(7_000_000)


def owing(disbursed: int = 5_000_000) -> Facility:
    """A bitcoin against 5,000,000 cents, margin call at 125, liquidation at 105."""
    facility = a_facility()
    facility.move(facility.position.owed(disbursed=disbursed))
    facility.look(PRICE)
    return facility


def under_liquidation() -> Facility:
    facility = owing()
    facility.look(UsdCents(5_200_000))
    return facility


def a_trigger(liquidation_id: UUID = LIQUIDATING) -> LiquidationTrigger:
    return LiquidationTrigger(
        liquidation_id=liquidation_id,
        trigger_price=UsdCents(5_200_000),
        initially_expected_to_receive=UsdCents(4_500_000),
        initially_estimated_to_liquidate=Satoshis(86_538_462),
    )


# --- state of collateralization ---------------------------------------------------------------------------------


def test_the_worked_examples_path_of_prices() -> None:
    facility = owing()
    path = {
        7_000_000: FULLY,
        6_250_000: FULLY,
        6_249_999: MARGIN,
        6_500_000: MARGIN,
        6_549_999: MARGIN,
        6_550_000: FULLY,
        5_250_000: MARGIN,
        5_249_999: LIQUIDATION,
    }
    for price, state in path.items():
        facility.look(UsdCents(price))
        assert facility.collateralization_state is state, price
    assert facility.awaits_liquidation
    facility.look(UsdCents(6_250_000))
    assert facility.collateralization_state is FULLY


def test_a_change_of_state_says_what_is_payable_and_at_which_price() -> None:
    facility = owing()
    facility.move(facility.position.owed(interest=700, interest_payable=700))
    facility.look(UsdCents(6_000_000))
    assert facility.pending[-1] == e.CollateralizationStateChanged(
        collateralization_state=MARGIN,
        collateral=Satoshis(100_000_000),
        outstanding=facility.position.payable,
        price=UsdCents(6_000_000),
    )
    assert facility.look(UsdCents(5_999_999)) is ALREADY
    assert facility.price_at_state_change == 6_000_000


def test_a_move_that_moves_nothing_is_no_event() -> None:
    facility = owing()
    assert facility.move(facility.position.owed()) is ALREADY
    assert facility.move(facility.position.held(Satoshis(1))) is DONE


def test_owing_nothing_it_has_no_exposure_and_sorts_behind_all_others() -> None:
    facility = owing()
    assert facility.sort_key < INFINITE
    facility.move(facility.position.owed(disbursed=-5_000_000))
    facility.look(PRICE)
    assert facility.collateralization_state is State.NO_EXPOSURE
    assert facility.sort_key == INFINITE
    assert facility.margin_call_price is None
    assert facility.liquidation_price is None


def test_nothing_owed_goes_below_zero() -> None:
    with pytest.raises(ValueError, match="-1 cents"):
        owing(5).position.owed(disbursed=-6)


def test_the_prices_it_tells_are_the_least_that_keep_it() -> None:
    facility = owing()
    assert (facility.margin_call_price, facility.liquidation_price) == (6_250_000, 5_250_000)


@given(
    st.integers(0, 10**10), st.integers(0, 10**10), st.lists(st.integers(1, 10**9), min_size=2, max_size=5)
)
def test_its_row_says_exactly_which_prices_change_its_state(
    collateral: int, owed: int, prices: list[int]
) -> None:
    facility = a_facility(collateral)
    facility.move(facility.position.owed(disbursed=owed))
    facility.look(UsdCents(prices[0]))
    for price in prices[1:]:
        concerned = facility.reach.left_by(UsdCents(price))
        assert (facility.look(UsdCents(price)) is DONE) is concerned


# --- liquidation ------------------------------------------------------------------------------------------------


def test_a_liquidation_starts_once_and_only_under_its_threshold() -> None:
    assert owing().initiate_liquidation(a_trigger()) is ALREADY
    facility = under_liquidation()
    assert facility.initiate_liquidation(a_trigger()) is DONE
    assert facility.liquidation == a_trigger()
    assert not facility.awaits_liquidation
    assert facility.initiate_liquidation(a_trigger(ANOTHER)) is ALREADY


def test_a_liquidation_stays_open_when_the_price_recovers() -> None:
    facility = under_liquidation()
    facility.initiate_liquidation(a_trigger())
    facility.look(PRICE)
    assert facility.collateralization_state is FULLY
    assert facility.liquidation is not None


def test_proceeds_and_cancelling_concern_the_liquidation_that_runs() -> None:
    facility = under_liquidation()
    assert facility.apply_proceeds(LIQUIDATING, completes=True) is ALREADY
    facility.initiate_liquidation(a_trigger())
    assert facility.apply_proceeds(ANOTHER, completes=True) is ALREADY
    assert facility.cancel_liquidation(ANOTHER) is ALREADY
    assert facility.apply_proceeds(LIQUIDATING, completes=False) is DONE
    assert facility.liquidation is not None
    assert facility.cancel_liquidation(LIQUIDATING) is DONE
    assert facility.liquidation is None
    assert facility.awaits_liquidation


# --- cycles, maturity, the end ----------------------------------------------------------------------------------


def test_one_cycle_is_open_at_a_time() -> None:
    facility = a_facility()
    cycle = OpenCycle(id=UUID(int=60), idx=1, period=Days(start=DAY, end=DAY + timedelta(days=16)))
    assert facility.conclude_cycle(TX) is ALREADY
    facility.start_cycle(cycle)
    assert facility.cycle == cycle
    assert facility.conclude_cycle(TX, UUID(int=61)) is DONE
    assert facility.pending[-1] == e.InterestAccrualCycleConcluded(
        interest_accrual_cycle_idx=1, ledger_tx_id=TX, obligation_id=UUID(int=61)
    )
    assert facility.cycle is None


def test_it_matures_on_its_day_once() -> None:
    facility = a_facility()
    assert facility.mature(MATURITY - timedelta(days=1)) is ALREADY
    assert facility.mature(MATURITY) is DONE
    assert facility.status is FacilityStatus.MATURED
    assert facility.mature(MATURITY + timedelta(days=1)) is ALREADY


@pytest.mark.parametrize("owed", [{"disbursed": 1}, {"interest": 1}, {"reserved": 1}])
def test_it_does_not_close_while_anything_is_owed(owed: dict[str, int]) -> None:
    facility = a_facility()
    facility.require_settled(NOTHING, NOTHING)
    facility.move(facility.position.owed(**owed))
    with pytest.raises(OutstandingAmount):
        facility.require_settled(NOTHING, NOTHING)


def test_nor_with_interest_not_posted_or_anything_defaulted() -> None:
    for unposted, others in ((1, 0), (0, 1)):
        with pytest.raises(OutstandingAmount):
            a_facility().require_settled(UsdCents(unposted), UsdCents(others))


def test_completion_stops_interest_and_closing_is_final() -> None:
    facility = a_facility()
    assert facility.request_completion() is DONE
    assert not facility.accrues
    assert not facility.is_closed
    assert facility.complete(PRICE) is DONE
    assert facility.status is FacilityStatus.CLOSED
    assert facility.collateralization_state is State.NO_COLLATERAL
    for again in (facility.complete(PRICE), facility.request_completion(), facility.mature(MATURITY)):
        assert again is ALREADY
    assert facility.look(UsdCents(1)) is ALREADY
    assert not facility.reach.left_by(UsdCents(1))
