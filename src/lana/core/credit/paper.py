"""What is printed on a loan's papers: texts, from the same figures the bank works with."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from lana.core.credit.plan import EndOfDay, offered_plan
from lana.core.credit.primitives import ObligationType
from lana.core.credit.proposal.entity import Proposal
from lana.core.customer import Contact
from lana.core.document import Agreement, PlanRow, TermSheet
from lana.core.terms import DisbursalPolicy, Duration, TermValues
from lana.lib.money import format_usd

NOBODY: Final = "N/A (applicant info not available)"
LENDER: Final = "Lana Bank"


def term_sheet_of(proposal: Proposal, contact: Contact, on: date, end_of_day: EndOfDay) -> TermSheet:
    terms = proposal.terms
    plan = offered_plan(terms, proposal.amount, proposal.created_at, on, end_of_day)
    return TermSheet(
        proposal_id=str(proposal.id),
        date=on.isoformat(),
        lender=LENDER,
        borrower=f"{_name(contact)} · {contact.email}",
        amount=format_usd(proposal.amount),
        terms=_terms(terms),
        levels=[
            ("Initial", _percent(terms.initial_cvl)),
            ("Margin call below", _percent(terms.margin_call_cvl)),
            ("Liquidation below", _percent(terms.liquidation_cvl)),
        ],
        fee=f"{format_usd(terms.fee(proposal.amount))} ({_percent(terms.one_time_fee_rate)})",
        plan=[
            PlanRow(
                due=each.due_at.isoformat(),
                kind="Principal" if each.repayment_type is ObligationType.DISBURSAL else "Interest",
                amount=format_usd(each.initial),
            )
            for each in plan
        ],
    )


def _terms(terms: TermValues) -> list[tuple[str, str]]:
    single = terms.disbursal_policy is DisbursalPolicy.SINGLE_DISBURSAL
    return [
        ("Annual rate", _percent(terms.annual_rate)),
        ("Annual rate with the fee spread", _percent(terms.effective_annual_rate)),
        ("Duration", f"{terms.duration.units} months"),
        ("Paid out", "at once" if single else "as it is drawn"),
        ("Interest accrues", _every(terms.accrual_interval.value)),
        ("Interest is posted", _every(terms.accrual_cycle_interval.value)),
        ("Overdue after", _days(terms.obligation_overdue_duration_from_due)),
        ("May be liquidated after", _days(terms.obligation_liquidation_duration_from_due)),
    ]


def _percent(value: Decimal) -> str:
    return f"{value.quantize(Decimal('0.01')):f} %"


def _every(interval: str) -> str:
    return "at the end of each day" if interval == "end_of_day" else "at the end of each month"


def _days(duration: Duration | None) -> str:
    return "never" if duration is None else f"{duration.units} days from the due date"


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
