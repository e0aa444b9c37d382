"""Texts of a term sheet and an agreement."""

from __future__ import annotations

from lana.core.document import Agreement, PlanRow, PriceLevel, TermSheet

ID = "018f0000-0000-7000-8000-000000000001"


def a_term_sheet(rows: int = 3, borrower: str = "Ann Example") -> TermSheet:
    return TermSheet(
        proposal_id=ID,
        date="2026-01-15",
        lender="Lana Bank",
        borrower=borrower,
        email="ann@example.com",
        customer_id=ID,
        amount="$1,000.00",
        fee="$50.00 (5 %)",
        terms=[("Annual rate", "12 %"), ("Duration", "3 months")],
        levels=[PriceLevel(name="Initial", cvl="140 %", value="$1,400.00", fall="–")],
        plan=[PlanRow(due="2026-04-15", kind="Interest", amount="$5.61") for _ in range(rows)],
        total="$1,016.83",
    )


def an_agreement(name: str = "Ann Example", address: str | None = "12 Long Street") -> Agreement:
    return Agreement(
        customer_name=name,
        customer_id=ID,
        email="ann@example.com",
        telegram="@ann",
        address=address,
        country=None,
        date="2026-01-15",
    )
