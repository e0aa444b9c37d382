"""What is printed on a loan's papers: texts, from the same figures the bank works with."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from typing import Final
from uuid import UUID

from lana.core.credit.plan import EndOfDay, PlanEntry, offered_plan
from lana.core.credit.primitives import ObligationType
from lana.core.credit.proposal.entity import Proposal
from lana.core.customer import Contact
from lana.core.document import MOST_ROWS, Agreement, PlanRow, PriceLevel, TermSheet
from lana.core.terms import DisbursalPolicy, Duration, TermValues
from lana.lib.money import UsdCents, format_usd

NOBODY: Final = "N/A (applicant info not available)"
LENDER: Final = "Lana Bank"
CENTI: Final = Decimal("0.01")


def term_sheet_of(proposal: Proposal, contact: Contact, on: date, end_of_day: EndOfDay) -> TermSheet:
    terms = proposal.terms
    plan = offered_plan(terms, proposal.amount, proposal.created_at, on, end_of_day)
    return TermSheet(
        proposal_id=str(proposal.id),
        date=on.isoformat(),
        lender=LENDER,
        borrower=_name(contact),
        email=contact.email,
        customer_id=str(proposal.customer_id),
        amount=format_usd(proposal.amount),
        fee=f"{format_usd(terms.fee(proposal.amount))} ({_percent(terms.one_time_fee_rate)})",
        terms=[*_terms(terms), ("Matures, if activated on the day of the offer", _day(terms, on))],
        levels=[
            _level("Initial", terms.initial_cvl, proposal),
            _level("Margin call below", terms.margin_call_cvl, proposal),
            _level("Liquidation below", terms.liquidation_cvl, proposal),
        ],
        plan=_rows(plan),
        total=format_usd(UsdCents(sum(each.initial for each in plan))),
    )


def _rows(plan: list[PlanEntry]) -> list[PlanRow]:
    """Day by day, or interest by the month where a loan is too long for that."""
    for written in ("%Y-%m-%d", "%Y-%m"):
        sums: dict[tuple[str, ObligationType, int], int] = {}
        for number, each in enumerate(plan):
            is_principal = each.repayment_type is ObligationType.DISBURSAL
            due = each.due_at.isoformat() if is_principal else each.due_at.strftime(written)
            key = (due, each.repayment_type, number if is_principal else 0)
            sums[key] = sums.get(key, 0) + each.initial
        if len(sums) <= MOST_ROWS:
            break
    return [
        PlanRow(
            due=due,
            kind="Principal" if kind is ObligationType.DISBURSAL else "Interest",
            amount=format_usd(UsdCents(amount)),
        )
        for (due, kind, _), amount in sums.items()
    ]


def _level(name: str, cvl: Decimal, proposal: Proposal) -> PriceLevel:
    """The bitcoin's value that this level asks for, up to the cent, and how far the price may fall to it."""
    numerator, denominator = cvl.as_integer_ratio()
    value = -(-proposal.amount * numerator // (denominator * 100))
    fall = 100 * (1 - cvl / proposal.terms.initial_cvl)
    return PriceLevel(
        name=name,
        cvl=_percent(cvl),
        value=format_usd(UsdCents(value)),
        fall=f"{fall.quantize(CENTI, ROUND_DOWN):f} %" if fall else "–",
    )


def _day(terms: TermValues, on: date) -> str:
    return terms.maturity_date(on).isoformat()


def _terms(terms: TermValues) -> list[tuple[str, str]]:
    single = terms.disbursal_policy is DisbursalPolicy.SINGLE_DISBURSAL
    return [
        ("Annual rate", _percent(terms.annual_rate)),
        ("Annual rate with the fee spread", _rounded(terms.effective_annual_rate)),
        ("Duration", _long(terms.duration)),
        ("Paid out", "at once" if single else "as it is drawn"),
        ("Interest accrues", _every(terms.accrual_interval.value)),
        ("Interest is posted", _every(terms.accrual_cycle_interval.value)),
        ("Interest is due", _after(terms.interest_due_duration_from_accrual, "it is posted")),
        ("Overdue after", _days(terms.obligation_overdue_duration_from_due)),
        ("May be liquidated after", _days(terms.obligation_liquidation_duration_from_due)),
    ]


def _percent(value: Decimal) -> str:
    """Exact: nobody agrees to a rounded rate."""
    return f"{value.normalize():f} %"


def _rounded(value: Decimal) -> str:
    return f"about {value.quantize(CENTI, ROUND_HALF_EVEN):f} %"


def _every(interval: str) -> str:
    return "at the end of each day" if interval == "end_of_day" else "at the end of each month"


def _days(duration: Duration | None) -> str:
    return "never" if duration is None else _after(duration, "the due date")


def _after(duration: Duration, since: str) -> str:
    return f"{_long(duration)} after {since}"


def _long(duration: Duration) -> str:
    period = str(duration.period)
    return f"{duration.units} {period.removesuffix('s') if duration.units == 1 else period}"


def _name(contact: Contact) -> str:
    known = contact.personal_info
    if known is None:
        return NOBODY
    return known.company_name or f"{known.first_name} {known.last_name}"


def agreement_of(customer_id: UUID, contact: Contact, on: date) -> Agreement:
    known = contact.personal_info
    return Agreement(
        customer_name=_name(contact),
        customer_id=str(customer_id),
        email=contact.email,
        telegram=contact.telegram_handle,
        address=known.address if known else None,
        country=known.nationality if known else None,
        date=on.isoformat(),
    )
