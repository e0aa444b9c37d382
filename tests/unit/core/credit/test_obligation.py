from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lana.core.credit.obligation.entity import (
    Completed,
    DueRecorded,
    Obligation,
    OverdueRecorded,
    PaymentAllocated,
)
from lana.core.credit.primitives import ObligationStatus as S
from lana.lib.es.entity import ALREADY, DONE, Outcome
from lana.lib.money import UsdCents
from tests.unit.core.credit.lent import DAY, DUE, MATURITY, NYD, OVERDUE, an_obligation

TX, PAYMENT = UUID(int=50), UUID(int=51)


def pay(obligation: Obligation, amount: int, allocation: int = 60) -> Outcome:
    return obligation.allocate(
        UsdCents(amount), payment_id=PAYMENT, allocation_id=UUID(int=allocation), effective=DAY
    )


def advance(obligation: Obligation, day: date) -> list[S]:
    """Every transition a day asks for, one after another."""
    found: list[S] = []
    while (transition := obligation.due_transition(day)) is not None:
        assert transition.from_account_id == obligation.receivable_account_id
        obligation.record(transition, TX)
        assert transition.to_account_id == obligation.receivable_account_id
        found.append(obligation.status)
    return found


def test_it_becomes_due_on_its_due_date_and_overdue_on_the_other() -> None:
    obligation = an_obligation(100)
    assert obligation.receivable_account_id == NYD
    assert advance(obligation, MATURITY - timedelta(days=1)) == []
    assert advance(obligation, MATURITY) == [S.DUE]
    assert obligation.receivable_account_id == DUE
    assert advance(obligation, MATURITY + timedelta(days=49)) == []
    assert advance(obligation, MATURITY + timedelta(days=50)) == [S.OVERDUE]
    assert obligation.receivable_account_id == OVERDUE
    assert advance(obligation, date.max) == []


def test_both_transitions_happen_at_once_where_they_fall_on_one_date_and_carry_their_own() -> None:
    obligation = an_obligation(100, overdue_after=0)
    first = obligation.due_transition(MATURITY)
    assert first is not None
    obligation.record(first, TX)
    second = obligation.due_transition(MATURITY)
    assert second is not None
    obligation.record(second, TX)
    assert (first.effective, second.effective) == (MATURITY, MATURITY)
    assert (first.to, second.to) == (S.DUE, S.OVERDUE)


def test_late_transitions_are_effective_on_their_dates_not_on_the_day_they_are_made() -> None:
    obligation = an_obligation(100, overdue_after=10)
    far = MATURITY + timedelta(days=300)
    first = obligation.due_transition(far)
    assert first is not None
    assert (first.to, first.effective) == (S.DUE, MATURITY)
    obligation.record(first, TX)
    second = obligation.due_transition(far)
    assert second is not None
    assert (second.to, second.effective) == (S.OVERDUE, MATURITY + timedelta(days=10))


def test_without_an_overdue_date_it_stays_due() -> None:
    obligation = an_obligation(100, overdue_after=None)
    assert advance(obligation, date.max) == [S.DUE]


def test_nothing_defaults_because_no_date_for_it_is_set() -> None:
    obligation = an_obligation(100)
    advance(obligation, date.max)
    assert obligation.defaulted_date is None
    assert obligation.status is S.OVERDUE


def test_a_transition_moves_what_is_still_outstanding() -> None:
    obligation = an_obligation(100)
    pay(obligation, 40)
    transition = obligation.due_transition(MATURITY)
    assert transition is not None
    assert transition.amount == 60
    obligation.record(transition, TX)
    (*_, last) = obligation.pending
    assert last == DueRecorded(ledger_tx_id=TX, due_amount=UsdCents(60))


def test_a_payment_is_credited_where_the_obligation_stands() -> None:
    obligation = an_obligation(100, overdue_after=1)
    assert not obligation.is_payable
    advance(obligation, MATURITY)
    assert obligation.is_payable
    advance(obligation, date.max)
    assert obligation.is_payable
    assert [type(each) for each in obligation.pending[1:]] == [DueRecorded, OverdueRecorded]


def test_the_last_cent_completes_it_with_the_payments_date() -> None:
    obligation = an_obligation(100)
    assert pay(obligation, 99) is DONE
    assert not obligation.is_paid
    pay(obligation, 1, 61)
    assert obligation.is_paid
    assert obligation.allocations == 2
    allocated, completed = obligation.pending[-2:]
    assert allocated == PaymentAllocated(
        ledger_tx_id=UUID(int=61),
        payment_id=PAYMENT,
        payment_allocation_id=UUID(int=61),
        payment_allocation_amount=UsdCents(1),
    )
    assert completed == Completed(effective=DAY)


def test_paid_it_never_moves_again() -> None:
    obligation = an_obligation(100)
    pay(obligation, 100)
    assert obligation.next_transition is None
    assert advance(obligation, date.max) == []
    assert pay(obligation, 1) is ALREADY


def test_more_than_is_outstanding_is_no_payment() -> None:
    obligation = an_obligation(100)
    with pytest.raises(ValueError, match="101 is more than the 100 outstanding"):
        pay(obligation, 101)
    assert obligation.outstanding == 100


def test_nothing_is_no_payment() -> None:
    assert pay(an_obligation(100), 0) is ALREADY


@given(
    st.integers(1, 10**6),
    st.lists(st.integers(0, 10**6) | st.dates(DAY, MATURITY + timedelta(days=60)), max_size=20),
)
def test_allocations_never_exceed_it_and_reach_it_exactly_when_it_is_paid(
    amount: int, story: list[int | date]
) -> None:
    obligation = an_obligation(amount)
    paid = 0
    for step in story:
        if isinstance(step, date):
            advance(obligation, step)
        else:
            share = min(step, obligation.outstanding)
            paid += share
            pay(obligation, share)
        assert paid + obligation.outstanding == amount
        assert obligation.is_paid == (paid == amount)
    assert Obligation.fold(obligation.pending) == obligation
