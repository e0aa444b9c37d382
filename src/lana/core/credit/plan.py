"""The repayment plan: what is owed and what is still to come, worked out when it is read.

Once anything is owed the entries are the obligations themselves; interest to come is one entry a cycle,
rounded once on the principal outstanding today, so it differs from the daily sum by some cents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum

import msgspec

from lana.core.credit.cycle.entity import Cycle
from lana.core.credit.facility.entity import Facility
from lana.core.credit.obligation.entity import Obligation
from lana.core.credit.primitives import ObligationType
from lana.core.terms import Days, TermValues, cycles
from lana.lib.money import UsdCents

EndOfDay = Callable[[date], datetime]
"""The last instant of a day in the bank's zone."""


class RepaymentStatus(StrEnum):
    UPCOMING = "upcoming"
    NOT_YET_DUE = "not_yet_due"
    DUE = "due"
    OVERDUE = "overdue"
    DEFAULTED = "defaulted"
    PAID = "paid"


class PlanEntry(msgspec.Struct, frozen=True, kw_only=True):
    repayment_type: ObligationType
    status: RepaymentStatus
    initial: UsdCents
    outstanding: UsdCents
    accrual_at: datetime
    due_at: date


def offered_plan(
    terms: TermValues, amount: UsdCents, at: datetime, on: date, end_of_day: EndOfDay
) -> list[PlanEntry]:
    """As if activated on a day: of a proposal, a pending facility, or a facility that owes nothing yet.

    The fee stands beside the whole amount, and both bear interest.
    """
    maturity = terms.maturity_date(on)
    principal = _principal_to_come(terms, amount, at, maturity)
    spans = cycles(on, terms.accrual_cycle_interval, maturity)
    return _ordered([*principal, *_interest_to_come(terms, _base(principal), spans, end_of_day)])


def plan_of(
    facility: Facility, obligations: Sequence[Obligation], posted: Sequence[Cycle], end_of_day: EndOfDay
) -> list[PlanEntry]:
    """Of an active, matured or closed facility, its obligations and its cycles. While nothing is drawn all of
    it is still to come, and bears interest from the open cycle on.
    """
    entries = [_real(each) for each in obligations]
    entries += [_nothing_owed(each, end_of_day) for each in posted if each.is_posted and each.accrued == 0]
    if facility.cycle is None or not facility.accrues:
        return _ordered(entries)
    terms, maturity = facility.terms, facility.maturity_date
    if not obligations:
        entries += _principal_to_come(terms, facility.amount, facility.activated_at, maturity)
    spans = cycles(facility.cycle.period.start, terms.accrual_cycle_interval, maturity)
    return _ordered([*entries, *_interest_to_come(terms, _base(entries), spans, end_of_day)])


def _principal_to_come(terms: TermValues, amount: UsdCents, at: datetime, maturity: date) -> list[PlanEntry]:
    principal = [each for each in (terms.fee(amount), amount) if each]
    return [_upcoming(ObligationType.DISBURSAL, each, at, maturity) for each in principal]


def _base(entries: Iterable[PlanEntry]) -> UsdCents:
    principal = (each for each in entries if each.repayment_type is ObligationType.DISBURSAL)
    return UsdCents(sum(each.outstanding for each in principal))


def _interest_to_come(
    terms: TermValues, base: UsdCents, spans: Iterable[Days], end_of_day: EndOfDay
) -> list[PlanEntry]:
    return [
        _upcoming(ObligationType.INTEREST, terms.interest(base, days.count), end_of_day(days.end), days.end)
        for days in spans
    ]


def _upcoming(kind: ObligationType, amount: UsdCents, at: datetime, due: date) -> PlanEntry:
    return PlanEntry(
        repayment_type=kind,
        status=RepaymentStatus.UPCOMING,
        initial=amount,
        outstanding=amount,
        accrual_at=at,
        due_at=due,
    )


def _real(obligation: Obligation) -> PlanEntry:
    return PlanEntry(
        repayment_type=obligation.obligation_type,
        status=RepaymentStatus(obligation.status.value),
        initial=obligation.amount,
        outstanding=obligation.outstanding,
        accrual_at=obligation.created_at,
        due_at=obligation.due_date,
    )


def _nothing_owed(cycle: Cycle, end_of_day: EndOfDay) -> PlanEntry:
    """A posted cycle without interest makes no obligation, and is shown as paid."""
    return PlanEntry(
        repayment_type=ObligationType.INTEREST,
        status=RepaymentStatus.PAID,
        initial=UsdCents(0),
        outstanding=UsdCents(0),
        accrual_at=end_of_day(cycle.period.end),
        due_at=cycle.period.end,
    )


def _ordered(entries: list[PlanEntry]) -> list[PlanEntry]:
    """By due date, interest first, then as they came."""
    entries.sort(
        key=lambda each: (each.due_at, each.repayment_type is ObligationType.DISBURSAL, each.accrual_at)
    )
    return entries
