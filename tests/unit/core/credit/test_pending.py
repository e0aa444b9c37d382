from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lana.core.credit import PendingFacility, PendingState, PendingStatus
from lana.core.credit.pending.entity import (
    CollateralizationRatioChanged,
    CollateralizationStateChanged,
    Completed,
    Initialized,
)
from lana.core.credit.primitives import PendingAccountIds
from lana.core.customer import CustomerType
from lana.lib.es.entity import ALREADY, DONE
from lana.lib.money import Satoshis, UsdCents
from tests.support.lending import terms

PRICE = UsdCents(10_000_000)
AMOUNT = 100_000
ENOUGH = 1_250_000
"""Satoshis: 125 % of the amount at the price, which is the margin call's."""


def a_pending(amount: int = AMOUNT, collateral: int = 0) -> PendingFacility:
    names = PendingAccountIds.__struct_fields__
    pending = PendingFacility.born(
        Initialized(
            id=UUID(int=1),
            credit_facility_proposal_id=UUID(int=1),
            ledger_tx_id=UUID(int=2),
            approval_process_id=UUID(int=1),
            customer_id=UUID(int=3),
            customer_type=CustomerType.INDIVIDUAL,
            collateral_id=UUID(int=4),
            terms=terms(),
            amount=UsdCents(amount),
            account_ids=PendingAccountIds(
                **{name: UUID(int=10 + number) for number, name in enumerate(names)}
            ),
            disbursal_credit_account_id=UUID(int=5),
        )
    )
    if collateral:
        pending.hold(Satoshis(collateral))
    return pending


def test_until_it_is_looked_at_it_is_not_yet_collateralized() -> None:
    pending = a_pending(collateral=ENOUGH)
    assert pending.collateralization_state is PendingState.NOT_YET_COLLATERALIZED
    assert pending.price_at_state_change is None
    assert not pending.awaits_activation


def test_the_first_price_with_no_collateral_leads_to_under_collateralized() -> None:
    pending = a_pending()
    assert pending.reach.left_by(UsdCents(1))
    assert pending.look(PRICE) is DONE
    assert pending.collateralization_state is PendingState.UNDER_COLLATERALIZED
    assert pending.price_at_state_change == PRICE


@pytest.mark.parametrize(
    ("collateral", "state"),
    [
        (ENOUGH, PendingState.FULLY_COLLATERALIZED),
        (ENOUGH - 1, PendingState.UNDER_COLLATERALIZED),
        (0, PendingState.UNDER_COLLATERALIZED),
    ],
)
def test_the_margin_calls_cvl_is_enough_not_the_initial_one(collateral: int, state: PendingState) -> None:
    pending = a_pending(collateral=collateral)
    pending.look(PRICE)
    assert pending.collateralization_state is state
    assert pending.is_enough(PRICE) is (state is PendingState.FULLY_COLLATERALIZED)
    assert pending.awaits_activation is pending.is_enough(PRICE)


def test_there_is_no_buffer_on_the_way_back() -> None:
    pending = a_pending(collateral=ENOUGH)
    states: list[PendingState] = []
    for price in (PRICE, UsdCents(PRICE - 1), PRICE):
        pending.look(price)
        states.append(pending.collateralization_state)
    assert states == [
        PendingState.FULLY_COLLATERALIZED,
        PendingState.UNDER_COLLATERALIZED,
        PendingState.FULLY_COLLATERALIZED,
    ]


def test_only_a_change_of_state_is_an_event_and_says_what_it_was_decided_on() -> None:
    pending = a_pending(collateral=ENOUGH)
    assert pending.look(PRICE) is DONE
    assert pending.pending[-1] == CollateralizationStateChanged(
        collateralization_state=PendingState.FULLY_COLLATERALIZED, collateral=Satoshis(ENOUGH), price=PRICE
    )
    assert pending.look(UsdCents(PRICE * 2)) is ALREADY
    assert pending.price_at_state_change == PRICE


def test_collateral_held_changes_the_ratio_once() -> None:
    pending = a_pending()
    assert pending.hold(Satoshis(150_000)) is DONE
    assert pending.pending[-1] == CollateralizationRatioChanged(
        collateralization_ratio=Decimal("1.5"), collateral=Satoshis(150_000)
    )
    assert pending.hold(Satoshis(150_000)) is ALREADY
    assert pending.hold(Satoshis(0)) is DONE
    assert pending.collateral == 0


def test_completed_it_no_longer_changes() -> None:
    pending = a_pending(collateral=ENOUGH)
    pending.look(PRICE)
    assert pending.complete() is DONE
    assert pending.pending[-1] == Completed()
    assert pending.status is PendingStatus.COMPLETED
    assert not pending.is_waiting
    assert not pending.awaits_activation
    before = pending.version
    assert pending.complete() is ALREADY
    assert pending.hold(Satoshis(1)) is ALREADY
    assert pending.look(UsdCents(1)) is ALREADY
    assert pending.version == before
    assert not any(pending.reach.left_by(UsdCents(price)) for price in (1, PRICE, 2**62))


@given(st.integers(1, 10**12), st.integers(0, 10**12), st.integers(1, 10**9), st.integers(1, 10**9))
def test_its_row_says_exactly_which_prices_change_its_state(
    amount: int, collateral: int, first: int, then: int
) -> None:
    pending = a_pending(amount, collateral)
    pending.look(UsdCents(first))
    concerned = pending.reach.left_by(UsdCents(then))
    assert (pending.look(UsdCents(then)) is DONE) is concerned
