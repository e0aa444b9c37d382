"""A cycle of interest: each period accrued once and whole, posted once, and nothing after that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lana.core.credit.cycle.entity import (
    Closed,
    Cycle,
    Initialized,
    InterestAccrualsPosted,
    InterestAccrued,
)
from lana.core.terms import Days, Interval, TermValues, cycles, months_after, periods
from lana.lib.es.entity import ALREADY, DONE
from lana.lib.money import UsdCents
from tests.support.lending import terms

ACTIVATED, MATURITY = date(2025, 1, 15), date(2025, 4, 15)
FACILITY, RECEIVABLE, INCOME, TX = (UUID(int=n) for n in range(1, 5))
DAILY, MONTHLY = Interval.END_OF_DAY, Interval.END_OF_MONTH


def a_cycle(period: Days, values: TermValues | None = None, idx: int = 1) -> Cycle:
    return Cycle.born(
        Initialized(
            id=UUID(int=100 + idx),
            facility_id=FACILITY,
            idx=idx,
            period=period,
            facility_maturity_date=MATURITY,
            interest_receivable_account_id=RECEIVABLE,
            interest_income_account_id=INCOME,
            terms=values or terms(),
        )
    )


def accrue(cycle: Cycle, base: int, times: int = 1) -> None:
    for _ in range(times):
        period = cycle.next_period
        assert period is not None
        at = datetime.combine(period.end, datetime.max.time(), UTC)
        assert cycle.accrue(UsdCents(base), ledger_tx_id=TX, accrued_at=at) is DONE


def accrue_all(cycle: Cycle, base: int) -> None:
    while cycle.next_period is not None:
        accrue(cycle, base)


def life(values: TermValues, activated: date = ACTIVATED) -> Iterator[Cycle]:
    """Every cycle of a loan, nothing accrued yet."""
    maturity = values.maturity_date(activated)
    every = cycles(activated, values.accrual_cycle_interval, maturity)
    yield from (a_cycle(period, values, idx) for idx, period in enumerate(every, 1))


def accrued_in(cycle: Cycle) -> Sequence[InterestAccrued]:
    return [event for event in cycle.pending if isinstance(event, InterestAccrued)]


# --- the worked example -------------------------------------------------------------------------------------


def test_the_cycles_of_the_worked_example_have_17_28_31_and_15_days() -> None:
    every = list(life(terms()))
    assert [each.period.count for each in every] == [17, 28, 31, 15]
    assert every[-1].period == Days(date(2025, 4, 1), MATURITY), "the day of maturity accrues whole"


def test_a_day_on_100_000_at_12_percent_bears_33_and_the_17_of_january_561() -> None:
    january = next(life(terms()))
    accrue(january, 100_000)
    assert january.accrued == 33
    assert january.next_accrual_on == date(2025, 1, 16)
    accrue(january, 100_000, 16)
    assert january.accrued == 561
    assert (january.next_accrual_on, january.awaits_posting) == (None, True)


def test_a_payment_in_between_changes_only_the_days_that_follow() -> None:
    _, february, march, april = life(terms())
    accrue(february, 100_000, 9)
    accrue(february, 50_000, 19)
    assert february.accrued == 297 + 323
    accrue_all(march, 50_000)
    accrue_all(april, 50_000)
    assert (march.accrued, april.accrued) == (527, 255)


def test_accrued_by_the_month_each_cycle_is_rounded_once() -> None:
    every = list(life(terms(accrual=MONTHLY)))
    for each in every:
        accrue(each, 100_000)
        assert each.awaits_posting
    assert [each.accrued for each in every] == [559, 921, 1_020, 494]


def test_daily_rounding_bears_a_few_cents_more() -> None:
    every = list(life(terms()))
    for each in every:
        accrue_all(each, 100_000)
    assert [each.accrued for each in every] == [561, 924, 1_023, 495]


# --- periods ------------------------------------------------------------------------------------------------


def test_maturity_on_the_first_of_a_month_makes_a_last_cycle_of_one_day() -> None:
    *_, last = life(terms(months=2), date(2025, 1, 1))
    assert last.period == Days(date(2025, 3, 1), date(2025, 3, 1))
    accrue(last, 100_000)
    assert (last.accrued, last.awaits_posting) == (33, True)


def test_on_nothing_outstanding_days_go_by_and_nothing_is_owed() -> None:
    january = next(life(terms()))
    accrue(january, 0, 5)
    accrue(january, 100_000, 12)
    assert (january.accrued, january.accruals, january.awaits_posting) == (12 * 33, 17, True)


def test_each_accrual_says_which_it_is_of_which_period_and_when_that_ended() -> None:
    january = next(life(terms()))
    accrue(january, 100_000, 2)
    first, second = accrued_in(january)
    assert first.tx_ref == f"{january.id}-interest-accrual-1"
    assert second.tx_ref == f"{january.id}-interest-accrual-2"
    assert (first.period, second.period) == (
        Days(ACTIVATED, ACTIVATED),
        Days(date(2025, 1, 16), date(2025, 1, 16)),
    )
    assert second.accrued_at.date() == date(2025, 1, 16)


@given(
    activated=st.dates(date(2020, 1, 1), date(2040, 1, 1)),
    months=st.integers(1, 60),
    accrual=st.sampled_from(Interval),
    base=st.integers(0, 10**12),
)
def test_every_day_from_activation_to_maturity_accrues_once(
    activated: date, months: int, accrual: Interval, base: int
) -> None:
    values = terms(months=months, accrual=accrual)
    every = list(life(values, activated))
    days = list[Days]()
    for each in every:
        accrue_all(each, base)
        days += [event.period for event in accrued_in(each)]
        assert each.accrued == sum(event.amount for event in accrued_in(each))
    assert (days[0].start, days[-1].end) == (activated, months_after(activated, months))
    assert all(after.start == before.end + timedelta(days=1) for before, after in pairwise(days))
    total, exact = sum(each.accrued for each in every), base * sum(each.count for each in days) * 12
    assert exact <= total * 36_500 < exact + 36_500 * len(days), "up, by less than a cent a period"


# --- the end of a cycle -------------------------------------------------------------------------------------


def test_it_is_posted_once_with_all_that_was_accrued_on_the_last_day_that_was() -> None:
    january = next(life(terms()))
    accrue_all(january, 100_000)
    assert january.post(TX, UUID(int=9)) is DONE
    posted = january.pending[-1]
    assert isinstance(posted, InterestAccrualsPosted)
    assert (posted.total, posted.effective) == (561, date(2025, 1, 31))
    assert posted.tx_ref == f"{FACILITY}-interest-accrual-cycle-1"
    assert january.post(UUID(int=5), None) is ALREADY
    assert (january.posted_tx_id, january.awaits_posting, january.is_open) == (TX, False, False)


def test_a_payoff_posts_it_early_as_far_as_it_is_accrued() -> None:
    january = next(life(terms()))
    accrue(january, 100_000, 3)
    assert january.post(TX, None) is DONE
    posted = january.pending[-1]
    assert isinstance(posted, InterestAccrualsPosted)
    assert (posted.total, posted.effective) == (99, date(2025, 1, 17))


@given(
    accrued=st.integers(0, 10),
    through=st.dates(date(2025, 1, 1), date(2025, 6, 1)),
    intervals=st.sampled_from([(DAILY, MONTHLY), (MONTHLY, MONTHLY), (DAILY, DAILY)]),
    base=st.sampled_from([0, 1, 100_000]),
)
def test_what_is_owed_before_it_is_accrued_is_what_accrues(
    accrued: int, through: date, intervals: tuple[Interval, Interval], base: int
) -> None:
    values = msgspec.structs.replace(
        terms(), accrual_interval=intervals[0], accrual_cycle_interval=intervals[1]
    )
    first, *others = life(values)
    accrue(first, 50_000, min(accrued, sum(1 for _ in periods(first.period, intervals[0]))))
    owed = first.unposted_through(through, UsdCents(base))
    for each in (first, *others):
        while (following := each.next_period) is not None and following.end <= through:
            accrue(each, base)
    assert owed == sum(each.accrued for each in (first, *others))


def test_of_a_cycle_that_is_over_nothing_more_is_owed() -> None:
    first, *_ = life(terms())
    accrue(first, 100_000)
    first.close()
    assert first.unposted_through(MATURITY, UsdCents(100_000)) == 0


def test_without_a_day_accrued_there_is_nothing_to_post() -> None:
    assert next(life(terms())).post(TX, None) is ALREADY


@pytest.mark.parametrize("end", ["post", "close"])
def test_what_is_over_accrues_no_more(end: str) -> None:
    january = next(life(terms()))
    accrue(january, 100_000, 3)
    assert (january.post(TX, None) if end == "post" else january.close()) is DONE
    noon = datetime(2025, 1, 18, 12, tzinfo=UTC)
    assert january.accrue(UsdCents(100_000), ledger_tx_id=TX, accrued_at=noon) is ALREADY
    assert (january.accrued, january.next_accrual_on, january.awaits_posting) == (99, None, False)


def test_completion_closes_it_for_good() -> None:
    january = next(life(terms()))
    assert january.close() is DONE
    assert isinstance(january.pending[-1], Closed)
    assert january.close() is ALREADY
    assert january.post(TX, None) is ALREADY


def test_one_that_is_fully_accrued_accrues_nothing_twice() -> None:
    january = next(life(terms()))
    accrue_all(january, 100_000)
    noon = datetime(2025, 2, 1, 12, tzinfo=UTC)
    assert january.accrue(UsdCents(100_000), ledger_tx_id=TX, accrued_at=noon) is ALREADY
    assert january.accrued == 561


def test_a_cycle_begins_once() -> None:
    january = next(life(terms()))
    with pytest.raises(ValueError, match="once"):
        january.emit(january.pending[0])
