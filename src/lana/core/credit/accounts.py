"""The ledger accounts of a facility and its collateral, opened with the Op that needs them."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import cala_ledger
from lana.core.accounting import JOURNAL_ID
from lana.core.credit import chart
from lana.core.credit.primitives import CollateralAccountIds, FacilityAccountIds, PendingAccountIds
from lana.core.customer import CustomerType
from lana.core.terms import Term
from lana.lib.es.op import Op

CREDIT: Final = cala_ledger.Direction.CREDIT
DEBIT: Final = cala_ledger.Direction.DEBIT


def draw_pending_ids(op: Op) -> PendingAccountIds:
    return PendingAccountIds(
        facility_account_id=op.new_id(),
        facility_proceeds_from_liquidation_account_id=op.new_id(),
        facility_uncovered_outstanding_account_id=op.new_id(),
        facility_payment_holding_account_id=op.new_id(),
    )


def draw_facility_ids(op: Op, pending: PendingAccountIds) -> FacilityAccountIds:
    """Those of the pending facility, and ten more."""
    return FacilityAccountIds(
        facility_account_id=pending.facility_account_id,
        facility_proceeds_from_liquidation_account_id=pending.facility_proceeds_from_liquidation_account_id,
        facility_uncovered_outstanding_account_id=pending.facility_uncovered_outstanding_account_id,
        facility_payment_holding_account_id=pending.facility_payment_holding_account_id,
        disbursed_receivable_not_yet_due_account_id=op.new_id(),
        disbursed_receivable_due_account_id=op.new_id(),
        disbursed_receivable_overdue_account_id=op.new_id(),
        disbursed_defaulted_account_id=op.new_id(),
        interest_receivable_not_yet_due_account_id=op.new_id(),
        interest_receivable_due_account_id=op.new_id(),
        interest_receivable_overdue_account_id=op.new_id(),
        interest_defaulted_account_id=op.new_id(),
        interest_income_account_id=op.new_id(),
        fee_income_account_id=op.new_id(),
    )


def draw_collateral_ids(op: Op) -> CollateralAccountIds:
    return CollateralAccountIds(
        collateral_account_id=op.new_id(),
        liquidated_collateral_account_id=op.new_id(),
        collateral_in_liquidation_account_id=op.new_id(),
    )


def open_pending(op: Op, facility_id: UUID, ids: PendingAccountIds) -> None:
    """At approval. The facility account cannot be drawn below zero."""
    owner = _Owner(op, "CreditFacilityProposal", facility_id)
    owner.open(
        ids.facility_account_id,
        "obs-facility",
        "Off-Balance-Sheet Facility Account",
        side=CREDIT,
        place=chart.product_set("credit-facility-remaining"),
        limits=(chart.DISBURSAL_LIMIT.id,),
    )
    owner.open(
        ids.facility_uncovered_outstanding_account_id,
        "uncovered-outstanding",
        "Uncovered Outstanding Account",
        side=CREDIT,
        place=chart.product_set("credit-uncovered-outstanding"),
        limits=(chart.UNCOVERED_OUTSTANDING_LIMIT.id,),
    )
    owner.open(
        ids.facility_payment_holding_account_id,
        "payment-holding",
        "Payment Holding Account",
        side=CREDIT,
        place=chart.product_set("credit-payment-holding"),
    )
    owner.open(
        ids.facility_proceeds_from_liquidation_account_id,
        "proceeds-from-liquidation",
        "Proceeds From Liquidation Account",
        side=CREDIT,
        place=chart.product_set("credit-facility-proceeds-from-liquidation"),
    )


def open_collateral(op: Op, collateral_id: UUID, ids: CollateralAccountIds) -> None:
    owner = _Owner(op, "Collateral", collateral_id)
    for account_id, reference, title, name in (
        (ids.collateral_account_id, "credit-facility-collateral", "Collateral", "credit-collateral"),
        (
            ids.collateral_in_liquidation_account_id,
            "collateral-in-liquidation",
            "Collateral In Liquidation",
            "credit-facility-collateral-in-liquidation",
        ),
        (
            ids.liquidated_collateral_account_id,
            "liquidated-collateral",
            "Liquidated Collateral",
            "credit-facility-liquidated-collateral",
        ),
    ):
        owner.open_as(
            account_id,
            f"{reference}:{collateral_id}",
            f"{title} Account for Collateral {collateral_id}",
            side=CREDIT,
            place=chart.product_set(name),
        )


# which of the facility's accounts, its suffix, and where it rolls up
_RECEIVABLES: Final = (
    ("disbursed_receivable_not_yet_due_account_id", "disbursed-not-yet-due-receivable", "disbursed"),
    ("disbursed_receivable_due_account_id", "disbursed-due-receivable", "disbursed"),
    ("disbursed_receivable_overdue_account_id", "disbursed-overdue-receivable", "overdue"),
    ("disbursed_defaulted_account_id", "disbursed-defaulted", "credit-disbursed-defaulted"),
    ("interest_receivable_not_yet_due_account_id", "interest-not-yet-due-receivable", "interest"),
    ("interest_receivable_due_account_id", "interest-due-receivable", "interest"),
    ("interest_receivable_overdue_account_id", "interest-overdue-receivable", "interest"),
    ("interest_defaulted_account_id", "interest-defaulted", "credit-interest-defaulted"),
)
_TITLES: Final = {
    "disbursed-not-yet-due-receivable": "Disbursed Receivable Not Yet Due Account",
    "disbursed-due-receivable": "Disbursed Receivable Due Account",
    "disbursed-overdue-receivable": "Disbursed Receivable Overdue Account",
    "disbursed-defaulted": "Disbursed Defaulted Account",
    "interest-not-yet-due-receivable": "Interest Receivable Not Yet Due Account",
    "interest-due-receivable": "Interest Receivable Due Account",
    "interest-overdue-receivable": "Interest Receivable Overdue Account",
    "interest-defaulted": "Interest Defaulted Account",
}


def open_facility(
    op: Op, facility_id: UUID, ids: FacilityAccountIds, term: Term, customer_type: CustomerType
) -> None:
    """At activation. Where receivables roll up is fixed by term and type of customer."""
    owner = _Owner(op, "CreditFacility", facility_id)
    places = {
        "disbursed": chart.disbursed_set(term, customer_type),
        "interest": chart.interest_set(term, customer_type),
        "overdue": chart.overdue_set(customer_type),
    }
    for name, suffix, where in _RECEIVABLES:
        place = places.get(where) or chart.product_set(where)
        owner.open(getattr(ids, name), suffix, _TITLES[suffix], side=DEBIT, place=place)
    for account_id, suffix, title in (
        (ids.interest_income_account_id, "interest-income", "Interest Income Account"),
        (ids.fee_income_account_id, "fee-income", "Fee Income Account"),
    ):
        owner.open(account_id, suffix, title, side=CREDIT, place=chart.product_set(f"credit-{suffix}"))


class _Owner:
    """Whom accounts are opened for."""

    def __init__(self, op: Op, entity_type: str, entity_id: UUID) -> None:
        self._op = op
        self._id = entity_id
        self._metadata = {"entity_ref": {"entity_type": entity_type, "entity_id": str(entity_id)}}

    def open(
        self,
        account_id: UUID,
        suffix: str,
        title: str,
        *,
        side: cala_ledger.Direction,
        place: UUID,
        limits: tuple[UUID, ...] = (),
    ) -> None:
        external_id = f"credit-facility-{suffix}:{self._id}"
        self.open_as(
            account_id,
            external_id,
            f"{title} for Credit Facility {self._id}",
            side=side,
            place=place,
            limits=limits,
        )

    def open_as(
        self,
        account_id: UUID,
        external_id: str,
        name: str,
        *,
        side: cala_ledger.Direction,
        place: UUID,
        limits: tuple[UUID, ...] = (),
    ) -> None:
        self._op.open_account(
            cala_ledger.NewAccount(
                id=account_id,
                journal_id=JOURNAL_ID,
                code=str(account_id),
                external_id=external_id,
                name=name,
                normal_side=side,
                metadata=self._metadata,
                sets=(place,),
                limits=limits,
                created_at=self._op.now,
            )
        )
