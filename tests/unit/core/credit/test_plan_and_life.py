"""What a repayment plan shows is what then happens, whatever day it is looked at and whatever is done."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lana.core.credit.obligation.entity import Obligation
from lana.core.credit.plan import PlanEntry, RepaymentStatus
from lana.core.credit.primitives import ObligationType
from lana.core.terms import Interval
from lana.lib.errors import Refusal
from tests.support.lending import terms
from tests.unit.core.credit.running import RunningLoan

PAID, UPCOMING = RepaymentStatus.PAID, RepaymentStatus.UPCOMING
DISBURSAL, INTEREST = ObligationType.DISBURSAL, ObligationType.INTEREST
ONE_DAY = timedelta(days=1)
MONTH_END = (date(2024, 2, 29), date(2024, 1, 31), date(2024, 3, 1), date(2024, 12, 31), date(2025, 11, 30))

Deed = Literal["pay", "pay off", "draw", "end"]


class Act(NamedTuple):
    """Done on a day of the loan's life, in thousandths of it; `percent` of what is unpaid or left to draw."""

    when: int
    deed: Deed
    percent: int


class Loan(NamedTuple):
    rate: str
    fee: str
    months: int
    cycle: Interval
    single: bool
    accrual: Interval
    overdue_days: int | None
    amount: int
    begun: date
    zone: str
    behind: int
    acts: Sequence[Act] = ()


class Shown(NamedTuple):
    """A plan on a day; `began` is the first day of the interest to come."""

    on: date
    began: date
    plan: Sequence[PlanEntry]


ACTS = st.builds(
    Act,
    when=st.integers(0, 999),
    deed=st.sampled_from(["pay", "pay", "draw", "draw", "pay off", "end"]),
    percent=st.sampled_from([1, 33, 50, 100]),
)
LENGTHS = [(1, Interval.END_OF_DAY), *((months, Interval.END_OF_MONTH) for months in (1, 2, 2, 3, 4, 6))]
LOANS = st.builds(
    lambda length, **others: Loan(months=length[0], cycle=length[1], **others),
    length=st.sampled_from(LENGTHS),
    rate=st.sampled_from(["0", "0.5", "7.25", "12", "365", "999.99999999"]),
    fee=st.sampled_from(["0", "0", "0.5", "5"]),
    single=st.booleans(),
    accrual=st.sampled_from(Interval),
    overdue_days=st.sampled_from([None, 0, 5, 50]),
    amount=st.sampled_from([1, 99, 100_000]) | st.integers(1, 10**10),
    begun=st.sampled_from(MONTH_END) | st.dates(date(2023, 1, 1), date(2026, 12, 31)),
    zone=st.sampled_from(["UTC", "America/El_Salvador", "Pacific/Auckland"]),
    behind=st.sampled_from([0, 0, 0, 1, 3, 40]),
    acts=st.lists(ACTS, max_size=5).map(sorted),
)


# --- how it is lived ----------------------------------------------------------------------------------------


async def lived(loan: Loan) -> tuple[RunningLoan, list[Shown]]:
    """Through to its end, however many closings that takes, with every plan there was to see."""
    values = terms(
        rate=loan.rate,
        fee=loan.fee,
        months=loan.months,
        single=loan.single,
        accrual=loan.accrual,
        overdue_days=loan.overdue_days,
    )
    values = msgspec.structs.replace(values, accrual_cycle_interval=loan.cycle)
    run = RunningLoan(values, loan.amount, loan.begun, ZoneInfo(loan.zone), loan.behind)
    shown = [Shown(run.today, run.today, run.offered())]
    await run.activate()
    maturity = run.facility.maturity_date
    days, acts = (maturity - loan.begun).days, list(loan.acts)
    while not run.facility.is_closed:
        if acts and acts[0].when * days // 1_000 <= (run.today - loan.begun).days:
            await act(run, acts.pop(0))
        elif run.today > maturity + timedelta(days=loan.behind + 2):
            await end(run, shown)
        else:
            await run.end_day()
        look(run, shown)
    return run, shown


def look(run: RunningLoan, shown: list[Shown]) -> None:
    plan, cycle = run.plan(), run.facility.cycle
    assert_adds_up(run, plan)
    if plan != shown[-1].plan:
        shown.append(Shown(run.today, cycle.period.start if cycle else run.today, plan))


async def act(run: RunningLoan, todo: Act) -> None:
    match todo.deed:
        case "pay":
            await pay(run, sum(each.outstanding for each in run.obligations) * todo.percent // 100)
        case "pay off":
            await pay(run, await run.owed())
        case "end":
            await pay(run, await run.owed())
            await run.complete()
        case "draw":
            await draw(run, todo.percent)


async def pay(run: RunningLoan, amount: int) -> None:
    if amount:
        await run.pay(amount)


async def draw(run: RunningLoan, percent: int) -> None:
    left = run.amount - sum(each.amount for each in run.obligations if each.is_principal)
    if left * percent // 100:
        try:
            await run.draw(left * percent // 100)
        except Refusal:
            assert run.terms.single_disbursal or run.today >= run.facility.maturity_date


async def end(run: RunningLoan, shown: list[Shown]) -> None:
    """After the last payment everything is paid, and stays so when the loan is closed."""
    assert run.facility.cycle is None
    await pay(run, await run.owed())
    look(run, shown)
    assert {each.status for each in run.plan()} <= {PAID}
    await run.complete()


# --- what is promised ---------------------------------------------------------------------------------------


def real(plan: Sequence[PlanEntry]) -> list[PlanEntry]:
    return [each for each in plan if each.status is not UPCOMING]


def interest_to_come(plan: Sequence[PlanEntry]) -> list[PlanEntry]:
    return [each for each in plan if each.status is UPCOMING and each.repayment_type is INTEREST]


def base_of(plan: Sequence[PlanEntry]) -> int:
    return sum(each.outstanding for each in plan if each.repayment_type is DISBURSAL)


def identity(entry: PlanEntry) -> tuple[object, ...]:
    """What of a real entry never changes."""
    return entry.repayment_type, entry.initial, entry.accrual_at, entry.due_at


def early(run: RunningLoan, since: date) -> Iterator[Obligation]:
    """Interest posted before the end of its cycle, by a payoff after a day or on it."""
    ends = {c.posting_reference: c.period.end for c in run.cycles if c.accrued_until != c.period.end}
    return (each for each in run.obligations if each.reference in ends and each.due_date >= since)


def assert_adds_up(run: RunningLoan, plan: Sequence[PlanEntry]) -> None:
    """Today: what is owed, what was paid, and in which order it is due."""
    owed = real(plan)
    assert sum(each.outstanding for each in owed) == run.facility.position.exposure
    assert sum(each.initial - each.outstanding for each in owed) == run.paid
    assert plan == sorted(
        plan, key=lambda each: (each.due_at, each.repayment_type is DISBURSAL, each.accrual_at)
    )
    assert {each.due_at for each in plan if each.repayment_type is DISBURSAL} <= {run.facility.maturity_date}


def assert_came_true(run: RunningLoan, shown: Shown, final: Sequence[PlanEntry]) -> None:
    kept, became = Counter(map(identity, real(shown.plan))), Counter(map(identity, final))
    assert kept <= became, "what is owed is never taken back or changed"
    coming = interest_to_come(shown.plan)
    expected = Counter(each.due_at for each in coming if each.due_at < run.today)
    expected.update(each.due_date for each in early(run, shown.on) if identity_of(each) not in kept)
    found = Counter(each.due_at for each in final if each.repayment_type is INTEREST)
    found.subtract(each.due_at for each in real(shown.plan) if each.repayment_type is INTEREST)
    assert +found == expected, "interest came on the days it was to come, and on no other"
    assert_amounts(run, shown, coming)


def identity_of(debt: Obligation) -> tuple[object, ...]:
    return debt.obligation_type, debt.amount, debt.created_at, debt.due_date


def assert_amounts(run: RunningLoan, shown: Shown, coming: Sequence[PlanEntry]) -> None:
    """Where the principal stayed, a plan rounds up once what the days round up each."""
    start, base = shown.began, base_of(shown.plan)
    for entry in coming:
        periods = [each for each in run.accruals if start <= each.end <= entry.due_at]
        if periods and periods[-1].end == entry.due_at and {each.base for each in periods} == {base}:
            more = sum(each.amount for each in periods) - entry.initial
            assert 0 <= more < len(periods)
        start = entry.due_at + ONE_DAY


EXAMPLE = Loan(
    rate="12",
    fee="5",
    months=3,
    cycle=Interval.END_OF_MONTH,
    single=True,
    accrual=Interval.END_OF_DAY,
    overdue_days=50,
    amount=100_000,
    begun=date(2025, 1, 15),
    zone="UTC",
    behind=0,
)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(EXAMPLE)
@given(LOANS)
def test_what_every_plan_shows_is_what_happens(loan: Loan) -> None:
    run, shown = asyncio.run(lived(loan))
    final = shown[-1].plan
    for each in shown:
        assert_came_true(run, each, final)
    principal = [each.initial for each in final if each.repayment_type is DISBURSAL]
    assert Counter(principal) == Counter(each.amount for each in run.obligations if each.is_principal)
    assert sum(each.initial for each in final) == run.paid
    assert {each.status for each in final} <= {PAID}
