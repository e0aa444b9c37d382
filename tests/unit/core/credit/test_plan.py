"""Repayment plans: what was, what is owed, and what is still to come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID

import msgspec
import pytest

from lana.core.credit.cycle.entity import Cycle
from lana.core.credit.cycle.entity import Initialized as CycleInitialized
from lana.core.credit.disbursals import MAX_DISBURSALS
from lana.core.credit.facility.entity import Facility, OpenCycle
from lana.core.credit.plan import PlanEntry, RepaymentStatus, offered_plan, plan_of
from lana.core.credit.primitives import ObligationType
from lana.core.terms import MAX_CYCLES, Duration, Interval, PeriodUnit, TermValues, cycles
from lana.lib.es.children import EACH
from lana.lib.money import UsdCents
from tests.support.lending import terms
from tests.unit.core.credit.lent import DAY, MATURITY, NOON, a_facility, an_obligation

LINE = terms(fee="0", single=False)
TX = UUID(int=7)
PAID, UPCOMING = RepaymentStatus.PAID, RepaymentStatus.UPCOMING
AMOUNT = UsdCents(10_000_000)


def end_of_day(day: date) -> datetime:
    return datetime.combine(day, datetime.max.time(), UTC)


def lived(values: TermValues = LINE, *, posted: int, base: int = 0) -> tuple[Facility, list[Cycle]]:
    """A facility and its cycles: so many of them accrued on a principal and posted, the next one open."""
    facility = a_facility(values=values)
    made: list[Cycle] = []
    spans = list(cycles(DAY, values.accrual_cycle_interval, facility.maturity_date))
    for idx, period in enumerate(spans[: posted + 1], start=1):
        cycle = Cycle.born(
            CycleInitialized(
                id=UUID(int=1_000 + idx),
                facility_id=facility.id,
                idx=idx,
                period=period,
                facility_maturity_date=facility.maturity_date,
                interest_receivable_account_id=UUID(int=1),
                interest_income_account_id=UUID(int=2),
                terms=values,
            )
        )
        made.append(cycle)
        facility.start_cycle(OpenCycle(id=cycle.id, idx=idx, period=period))
        if idx <= posted:
            post(facility, cycle, base)
    return facility, made


def post(facility: Facility, cycle: Cycle, base: int) -> None:
    while (period := cycle.next_period) is not None:
        cycle.accrue(UsdCents(base), ledger_tx_id=TX, accrued_at=end_of_day(period.end))
    cycle.post(TX, None)
    facility.conclude_cycle(TX)


def of(entries: Sequence[PlanEntry], kind: ObligationType) -> list[tuple[RepaymentStatus, int, date]]:
    return [(each.status, each.outstanding, each.due_at) for each in entries if each.repayment_type is kind]


def test_undrawn_what_was_posted_is_paid_and_the_rest_comes_from_the_open_cycle_on() -> None:
    facility, made = lived(posted=2)
    plan = plan_of(facility, [], made, end_of_day)
    assert of(plan, ObligationType.DISBURSAL) == [(UPCOMING, AMOUNT, MATURITY)]
    assert of(plan, ObligationType.INTEREST) == [
        (PAID, 0, date(2026, 1, 31)),
        (PAID, 0, date(2026, 2, 28)),
        (UPCOMING, 101_918, date(2026, 3, 31)),
        (UPCOMING, 49_316, MATURITY),
    ]


def test_undrawn_and_just_begun_it_is_what_was_offered() -> None:
    facility, made = lived(posted=0)
    offered = offered_plan(LINE, AMOUNT, NOON, DAY, end_of_day)
    assert plan_of(facility, [], made, end_of_day) == offered
    assert len(offered) == 5


@pytest.mark.parametrize("ended", ["matured", "completing"])
def test_undrawn_to_its_end_nothing_is_to_come(ended: str) -> None:
    facility, made = lived(posted=4)
    if ended == "completing":
        facility.request_completion()
    plan = plan_of(facility, [], made, end_of_day)
    assert [(each.status, each.outstanding) for each in plan] == [(PAID, 0)] * 4


def test_drawn_only_what_is_outstanding_bears_interest() -> None:
    facility, made = lived(posted=2)
    owed = [an_obligation(1_000_000)]
    plan = plan_of(facility, owed, made, end_of_day)
    assert of(plan, ObligationType.DISBURSAL) == [(RepaymentStatus.NOT_YET_DUE, 1_000_000, MATURITY)]
    assert [row[:2] for row in of(plan, ObligationType.INTEREST)] == [
        (PAID, 0),
        (PAID, 0),
        (UPCOMING, 10_192),
        (UPCOMING, 4_932),
    ]


LARGEST = [(Interval.END_OF_MONTH, 1_200), (Interval.END_OF_DAY, 41)]


@pytest.mark.parametrize(("interval", "months"), LARGEST)
def test_of_the_largest_loan_every_debt_is_in_the_plan(interval: Interval, months: int) -> None:
    """Nothing of it is ever paid, and it was drawn as often as it may be."""
    duration = Duration(PeriodUnit.MONTHS, months)
    values = msgspec.structs.replace(LINE, accrual_cycle_interval=interval, duration=duration)
    values.check()
    spans = list(cycles(DAY, interval, values.maturity_date(DAY)))
    drawn = [an_obligation(1_000, number=number) for number in range(MAX_DISBURSALS)]
    interest = [
        an_obligation(1, interest=True, due=days.end, number=number)
        for number, days in enumerate(spans, MAX_DISBURSALS)
    ]
    assert len(drawn) + len(interest) < EACH
    plan = plan_of(a_facility(values=values), [*drawn, *interest], [], end_of_day)
    assert len(of(plan, ObligationType.DISBURSAL)) == MAX_DISBURSALS
    assert len(of(plan, ObligationType.INTEREST)) == len(spans) <= MAX_CYCLES


def test_no_loan_has_more_debts_or_cycles_than_are_read_at_once() -> None:
    """A payoff ends a cycle early, and there is one at most for each disbursal: nothing else makes another."""
    assert MAX_CYCLES + MAX_DISBURSALS + MAX_DISBURSALS < EACH


def test_an_offer_bears_interest_on_its_fee_too() -> None:
    """26.1, before activation."""
    plan = offered_plan(terms(), UsdCents(100_000), NOON, DAY, end_of_day)
    assert [each.outstanding for each in plan] == [587, 967, 1_071, 518, 5_000, 100_000]
    assert sum(each.initial for each in plan) == 108_143
