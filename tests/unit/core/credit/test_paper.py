"""What is printed is what was agreed: exact rates, levels up to the cent, every cent of the plan."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID

import pytest
from msgspec.structs import replace

from lana.core.credit import Proposal
from lana.core.credit.paper import NOBODY, agreement_of, term_sheet_of
from lana.core.credit.primitives import ProposalStatus
from lana.core.credit.proposal.entity import Initialized
from lana.core.customer import Contact, CustomerType
from lana.core.document import MOST_ROWS, TermSheet
from lana.core.terms import Interval, TermValues
from lana.lib.money import MOST_CENTS, UsdCents
from tests.support.lending import terms

CONTACT = Contact(email="ann@example.com", telegram_handle="@ann", personal_info=None)


def sheet(values: TermValues, amount: int = 100_000) -> TermSheet:
    proposal = Proposal.create(
        Initialized(
            id=UUID(int=1),
            customer_id=UUID(int=2),
            customer_type=CustomerType.INDIVIDUAL,
            custodian_id=UUID(int=3),
            disbursal_credit_account_id=UUID(int=4),
            terms=values,
            amount=UsdCents(amount),
            status=ProposalStatus.PENDING_CUSTOMER_APPROVAL,
        )
    )
    proposal.created_at = datetime(2026, 1, 15, 12, tzinfo=UTC)
    return term_sheet_of(
        proposal, CONTACT, date(2026, 1, 15), lambda day: datetime.combine(day, time.max, UTC)
    )


def cents(text: str) -> int:
    return int(Decimal(text.replace("$", "").replace(",", "")) * 100)


def test_a_term_sheet_names_parties_amount_fee_terms_and_levels() -> None:
    made = sheet(terms())
    assert (made.lender, made.borrower, made.email) == ("Lana Bank", NOBODY, "ann@example.com")
    assert (made.amount, made.fee, made.date) == ("$1,000.00", "$50.00 (5 %)", "2026-01-15")
    assert dict(made.terms) == {
        "Annual rate": "12 %",
        "Annual rate with the fee spread": "about 32.00 %",
        "Duration": "3 months",
        "Paid out": "at once",
        "Interest accrues": "at the end of each day",
        "Interest is posted": "at the end of each month",
        "Interest is due": "0 days after it is posted",
        "Overdue after": "50 days after the due date",
        "May be liquidated after": "60 days after the due date",
        "Matures, if activated on the day of the offer": "2026-04-15",
    }
    assert [(each.name, each.cvl, each.value, each.fall) for each in made.levels] == [
        ("Initial", "140 %", "$1,400.00", "–"),
        ("Margin call below", "125 %", "$1,250.00", "10.71 %"),
        ("Liquidation below", "105 %", "$1,050.00", "25.00 %"),
    ]


@pytest.mark.parametrize(
    ("rate", "shown"), [("12.12345678", "12.12345678 %"), ("100", "100 %"), ("0", "0 %")]
)
def test_no_rate_is_rounded(rate: str, shown: str) -> None:
    assert dict(sheet(terms(rate=rate)).terms)["Annual rate"] == shown


def test_a_level_asks_for_the_next_cent_at_any_amount() -> None:
    values = terms(cvls=("140.00000001", "125", "105"))
    assert [each.value for each in sheet(values, 1).levels] == ["$0.02", "$0.02", "$0.02"]
    (level, *_) = sheet(values, MOST_CENTS).levels
    assert cents(level.value) == -(-MOST_CENTS * 14_000_000_001 // 10_000_000_000)


def test_the_total_is_the_sum_of_the_rows() -> None:
    made = sheet(terms())
    assert sum(cents(row.amount) for row in made.plan) == cents(made.total)
    assert [row.kind for row in made.plan].count("Principal") == 2


def test_interest_of_a_loan_too_long_for_days_is_summed_by_the_month() -> None:
    daily = replace(terms(months=1_200), accrual_cycle_interval=Interval.END_OF_DAY)
    made = sheet(daily)
    assert 1_200 < len(made.plan) <= MOST_ROWS
    assert sum(cents(row.amount) for row in made.plan) == cents(made.total)
    assert made.plan[0].due == "2026-01"
    assert {row.due for row in made.plan if row.kind == "Principal"} == {"2126-01-15"}


def test_a_customer_nobody_knows_the_name_of_has_an_agreement() -> None:
    made = agreement_of(UUID(int=2), CONTACT, date(2026, 1, 15))
    assert (made.customer_name, made.address, made.country) == (NOBODY, None, None)
    assert (made.email, made.telegram, made.date) == ("ann@example.com", "@ann", "2026-01-15")
