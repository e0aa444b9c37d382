from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lana.core.credit.cvl import cvl
from lana.core.credit.disbursal.entity import Cancelled, Disbursal, Settled
from lana.core.credit.disbursal.errors import AmountIsZero
from lana.core.credit.facility.entity import Facility
from lana.core.credit.facility.errors import (
    DisbursalOnInactiveFacility,
    DisbursalPastMaturityDate,
    OnlyOneDisbursalAllowed,
    PaymentOnClosedFacility,
)
from lana.core.credit.primitives import DenialReason, DisbursalStatus
from lana.lib.es.entity import ALREADY, DONE
from lana.lib.money import MOST_CENTS, AmountTooLarge, UsdCents
from tests.support.lending import terms
from tests.unit.core.credit.lent import DAY, MATURITY, NOON, a_disbursal, a_facility

TX, OTHER, OBLIGATION = UUID(int=50), UUID(int=51), UUID(int=52)
PRICE = UsdCents(10_000_000)


def approved() -> Disbursal:
    disbursal = a_disbursal(100)
    disbursal.conclude_approval(approved=True)
    return disbursal


def test_nothing_cannot_be_drawn() -> None:
    with pytest.raises(AmountIsZero) as refusal:
        a_disbursal(0)
    assert refusal.value.message == "DisbursalError - AmountIsZero: Disbursal amount cannot be zero"
    assert refusal.value.field == "amount"


def test_more_than_anybody_has_cannot_be_drawn() -> None:
    a_disbursal(MOST_CENTS)
    with pytest.raises(AmountTooLarge) as refusal:
        a_disbursal(MOST_CENTS + 1)
    assert refusal.value.field == "amount"


def test_approved_it_waits_until_it_is_settled() -> None:
    disbursal = a_disbursal(100)
    assert not disbursal.awaits_settlement
    assert disbursal.conclude_approval(approved=True) is DONE
    assert disbursal.awaits_settlement
    assert disbursal.status is DisbursalStatus.NEW
    assert disbursal.settle(TX, OBLIGATION, DAY) is DONE
    assert not disbursal.awaits_settlement
    assert disbursal.status is DisbursalStatus.CONFIRMED
    (*_, last) = disbursal.pending
    assert last == Settled(ledger_tx_id=TX, obligation_id=OBLIGATION, amount=UsdCents(100), effective=DAY)


def test_it_is_decided_once() -> None:
    disbursal = approved()
    assert disbursal.conclude_approval(approved=False) is ALREADY
    assert disbursal.is_approved is True


def test_it_is_settled_or_cancelled_once() -> None:
    settled, cancelled = approved(), approved()
    settled.settle(TX, OBLIGATION, DAY)
    cancelled.cancel(TX)
    for disbursal in (settled, cancelled):
        before = disbursal.version
        assert disbursal.settle(OTHER, OBLIGATION, DAY) is ALREADY
        assert disbursal.cancel(OTHER) is ALREADY
        assert disbursal.version == before


def test_cancelled_it_lists_its_own_transaction_beside_the_initiating_one() -> None:
    disbursal = a_disbursal(100)
    disbursal.cancel(TX, DenialReason.BELOW_MARGIN_LIMIT)
    assert disbursal.ledger_tx_ids == (disbursal.id, TX)
    assert disbursal.settled_tx_id is None
    assert disbursal.status is DisbursalStatus.DENIED
    assert disbursal.denial_reason is DenialReason.BELOW_MARGIN_LIMIT
    assert disbursal.pending[-1] == Cancelled(ledger_tx_id=TX, reason=DenialReason.BELOW_MARGIN_LIMIT)


# --- may the facility be drawn on -------------------------------------------------------------------------------


def test_a_single_disbursal_is_all_there_is() -> None:
    with pytest.raises(OnlyOneDisbursalAllowed):
        a_facility(values=terms()).require_drawable(NOON)


def test_a_facility_is_drawn_on_until_the_day_it_matures_begins() -> None:
    facility = a_facility()
    matures = datetime(MATURITY.year, MATURITY.month, MATURITY.day, tzinfo=UTC)
    facility.require_drawable(matures - timedelta(microseconds=1))
    with pytest.raises(DisbursalPastMaturityDate):
        facility.require_drawable(matures)


def matured() -> Facility:
    facility = a_facility()
    facility.mature(MATURITY)
    return facility


def completing() -> Facility:
    facility = a_facility()
    facility.request_completion()
    return facility


def closed() -> Facility:
    facility = completing()
    facility.complete(PRICE)
    return facility


def test_only_an_active_facility_is_drawn_on() -> None:
    for facility in (matured(), completing(), closed()):
        with pytest.raises(DisbursalOnInactiveFacility):
            facility.require_drawable(NOON)


def test_it_being_inactive_is_told_before_its_policy_and_its_maturity() -> None:
    facility = a_facility(values=terms())
    facility.mature(MATURITY)
    with pytest.raises(DisbursalOnInactiveFacility):
        facility.require_drawable(NOON + timedelta(days=900))


def test_only_a_closed_facility_takes_no_payment() -> None:
    for facility in (a_facility(), matured(), completing()):
        facility.require_payable()
    with pytest.raises(PaymentOnClosedFacility):
        closed().require_payable()


@given(*(st.integers(0, 10**8) for _ in range(4)), st.integers(1, 10**8))
def test_everything_reserved_counts_as_if_it_were_drawn(
    disbursed: int, interest: int, reserved: int, amount: int, price: int
) -> None:
    facility = a_facility()
    facility.move(facility.position.owed(disbursed=disbursed, interest=interest, reserved=reserved))
    percent = cvl(
        facility.position.collateral, UsdCents(disbursed + interest + reserved + amount), UsdCents(price)
    )
    expected = percent is None or percent >= 125
    assert facility.may_draw(UsdCents(amount), UsdCents(price)) is expected


def test_the_worked_examples_ratios_let_the_draws_pass() -> None:
    facility = a_facility(150_000_000)
    facility.move(facility.position.owed(disbursed=100_000))
    assert facility.position.cvl_with(UsdCents(4_000_000), PRICE) == 365
    facility.move(facility.position.owed(disbursed=4_000_000))
    assert facility.position.cvl_with(UsdCents(5_000_000), PRICE) == 164
    assert facility.position.cvl_with(UsdCents(6_000_000), PRICE) == 148
