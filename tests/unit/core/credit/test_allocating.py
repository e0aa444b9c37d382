"""How a payment is spread, on any loan: to the cent, in order, never more than is owed."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from lana.core.credit.allocating import in_order, shares, unpaid
from lana.core.credit.obligation.entity import Obligation
from lana.lib.money import UsdCents
from tests.unit.core.credit.lent import DAY, an_obligation

CENTS = st.integers(min_value=1, max_value=10**13)


@st.composite
def loans(draw: st.DrawFn) -> list[Obligation]:
    """What one facility owes: any mix of kinds, days, statuses, some of it paid in part or whole."""
    owed: list[Obligation] = []
    for number in range(draw(st.integers(min_value=0, max_value=12))):
        obligation = an_obligation(
            draw(CENTS),
            interest=draw(st.booleans()),
            effective=DAY + timedelta(days=draw(st.integers(0, 3))),
            due=DAY + timedelta(days=draw(st.integers(0, 40))),
            overdue_after=draw(st.none() | st.integers(0, 5)),
            made=draw(st.integers(0, 2)),
            number=number + 1,
        )
        for _ in range(draw(st.integers(0, 2))):
            transition = obligation.due_transition(date.max)
            if transition is not None:
                obligation.record(transition, UUID(int=7))
        already = draw(st.just(0) | st.integers(0, obligation.amount) | st.just(obligation.amount))
        pay(obligation, already)
        owed.append(obligation)
    return draw(st.permutations(owed))


def pay(obligation: Obligation, amount: int) -> None:
    obligation.allocate(UsdCents(amount), payment_id=UUID(int=8), allocation_id=UUID(int=9), effective=DAY)


@given(loans(), st.integers(min_value=0, max_value=2 * 10**13))
def test_no_cent_is_made_or_lost(owed: list[Obligation], amount: int) -> None:
    before = unpaid(owed)
    found = shares(UsdCents(amount), owed)
    given_out = sum(share for _, share in found)
    assert given_out == min(amount, before)
    for obligation, share in found:
        assert 0 < share <= obligation.outstanding
        pay(obligation, share)
    assert unpaid(owed) == before - given_out


@given(loans(), CENTS)
def test_nobody_gets_anything_before_those_in_front_are_paid(owed: list[Obligation], amount: int) -> None:
    line = in_order(owed)
    found = shares(UsdCents(amount), owed)
    assert [obligation for obligation, _ in found] == line[: len(found)]
    assert all(share == obligation.outstanding for obligation, share in found[:-1])


@given(loans())
def test_interest_stands_before_principal_then_the_older(owed: list[Obligation]) -> None:
    line = in_order(owed)
    assert [each.is_principal for each in line] == sorted(each.is_principal for each in line)
    for former, latter in itertools.pairwise(line):
        if former.is_principal is latter.is_principal:
            assert (former.effective, former.created_at) <= (latter.effective, latter.created_at)
    assert {each.id for each in line} == {each.id for each in owed if each.outstanding}


@given(loans(), st.lists(CENTS, max_size=6))
def test_payments_in_parts_end_where_one_payment_does(owed: list[Obligation], parts: list[int]) -> None:
    whole = {each.id: share for each, share in shares(UsdCents(sum(parts)), owed)}
    in_parts: dict[UUID, int] = {}
    for part in parts:
        for obligation, share in shares(UsdCents(part), owed):
            in_parts[obligation.id] = in_parts.get(obligation.id, 0) + share
            pay(obligation, share)
    assert in_parts == whole


@given(loans(), CENTS)
def test_the_order_in_which_they_are_read_does_not_matter(owed: list[Obligation], amount: int) -> None:
    backwards = shares(UsdCents(amount), owed[::-1])
    assert [(each.id, share) for each, share in backwards] == [
        (each.id, share) for each, share in shares(UsdCents(amount), owed)
    ]


def test_interest_not_yet_due_is_paid_before_principal_that_is_overdue() -> None:
    principal = an_obligation(1_000, due=DAY, overdue_after=0, number=1)
    for _ in range(2):
        transition = principal.due_transition(date.max)
        assert transition is not None
        principal.record(transition, UUID(int=7))
    interest = an_obligation(300, interest=True, effective=DAY + timedelta(days=30), number=2)
    assert shares(UsdCents(500), [principal, interest]) == [(interest, 300), (principal, 200)]


def test_what_the_second_worked_example_pays() -> None:
    fee = an_obligation(100_000, effective=date(2026, 1, 10), number=1)
    drawn = an_obligation(4_000_000, effective=date(2026, 1, 20), number=2)
    interest = an_obligation(13_768, interest=True, effective=date(2026, 1, 31), number=3)
    found = shares(UsdCents(1_200_000), [drawn, fee, interest])
    assert found == [(interest, 13_768), (fee, 100_000), (drawn, 1_086_232)]
