"""Money and bitcoin move here: every posting of the credit domain, prepared while deciding and written with
its Op. The ledger holds no entry of 0, so where an amount is 0 nothing is posted (ADR 21).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final
from uuid import UUID

import cala_ledger
from lana.core.credit.primitives import CollateralAccountIds, FacilityAccountIds, PendingAccountIds
from lana.core.credit.templates import DEFINITIONS, Template
from lana.lib.es.op import Op
from lana.lib.money import Satoshis, UsdCents

T = Template

TEMPLATES: Final = cala_ledger.Templates(DEFINITIONS)


class CreditLedger:
    """Each verb names the transaction's id, who and what; amounts are US cents or satoshis."""

    # --- facility -------------------------------------------------------------------------------------------

    def create_proposal(
        self, op: Op, facility_id: UUID, tx_id: UUID, ids: PendingAccountIds, amount: UsdCents
    ) -> None:
        params = {"amount": amount, "credit_facility_account": ids.facility_account_id}
        _post(op, T.CREATE_CREDIT_FACILITY_PROPOSAL, tx_id, params, external_id=f"{facility_id}-create")

    def activate(
        self, op: Op, facility_id: UUID, tx_id: UUID, ids: FacilityAccountIds, amount: UsdCents
    ) -> None:
        params = {"amount": amount, "credit_facility_account": ids.facility_account_id}
        _post(op, T.ACTIVATE_CREDIT_FACILITY, tx_id, params, external_id=f"{facility_id}-activate")

    def add_structuring_fee(
        self, op: Op, tx_id: UUID, ids: FacilityAccountIds, deposit_account_id: UUID, amount: UsdCents
    ) -> None:
        params = {
            "amount": amount,
            "deposit_account_id": deposit_account_id,
            "fee_income_account_id": ids.fee_income_account_id,
        }
        _post(op, T.ADD_STRUCTURING_FEE, tx_id, params, external_id=f"{tx_id}-structuring-fee")

    # --- disbursals -----------------------------------------------------------------------------------------

    def initial_disbursal(
        self,
        op: Op,
        disbursal_id: UUID,
        ids: FacilityAccountIds,
        deposit_account_id: UUID,
        amount: UsdCents,
    ) -> None:
        """Under the disbursal's id."""
        params = _drawn(ids, amount) | _paid_out(ids, deposit_account_id)
        external_id = f"{disbursal_id}-initial-disbursal"
        _post(op, T.INITIAL_DISBURSAL, disbursal_id, params, external_id=external_id, disbursal=disbursal_id)

    def initiate_disbursal(
        self, op: Op, disbursal_id: UUID, ids: FacilityAccountIds, amount: UsdCents
    ) -> None:
        """Under the disbursal's id. The facility's limit refuses more than is left."""
        params = _drawn(ids, amount)
        _post(op, T.INITIATE_CREDIT_FACILITY_DISBURSAL, disbursal_id, params, disbursal=disbursal_id)

    def confirm_disbursal(
        self,
        op: Op,
        tx_id: UUID,
        disbursal_id: UUID,
        ids: FacilityAccountIds,
        *,
        deposit_account_id: UUID,
        amount: UsdCents,
    ) -> None:
        params = _drawn(ids, amount) | _paid_out(ids, deposit_account_id)
        _post(op, T.CONFIRM_DISBURSAL, tx_id, params, disbursal=disbursal_id)

    def cancel_disbursal(
        self, op: Op, tx_id: UUID, disbursal_id: UUID, ids: FacilityAccountIds, amount: UsdCents
    ) -> None:
        """Under an id of its own, or the reserved amount would stay reserved."""
        _post(op, T.CANCEL_DISBURSAL, tx_id, _drawn(ids, amount), disbursal=disbursal_id)

    # --- interest -------------------------------------------------------------------------------------------

    def accrue_interest(
        self,
        op: Op,
        tx_id: UUID,
        accounts: tuple[UUID, UUID],
        amount: UsdCents,
        *,
        external_id: str,
        effective: date,
    ) -> bool:
        """`accounts`: interest receivable not yet due, interest income. False where there was nothing."""
        if amount == 0:
            return False
        receivable, income = accounts
        params = {
            "amount": amount,
            "receivable_not_yet_due_account_id": receivable,
            "interest_income_account_id": income,
        }
        template = T.CREDIT_FACILITY_ACCRUE_INTEREST
        _post(op, template, tx_id, params, external_id=external_id, effective=effective)
        return True

    def post_accrued_interest(
        self,
        op: Op,
        tx_id: UUID,
        ids: FacilityAccountIds,
        amount: UsdCents,
        *,
        external_id: str,
        effective: date,
    ) -> bool:
        """False where there was nothing."""
        if amount == 0:
            return False
        params = {
            "amount": amount,
            "receivable_not_yet_due_account_id": ids.interest_receivable_not_yet_due_account_id,
            "interest_income_account_id": ids.interest_income_account_id,
            "facility_uncovered_outstanding_account": ids.facility_uncovered_outstanding_account_id,
        }
        template = T.CREDIT_FACILITY_POST_ACCRUED_INTEREST
        _post(op, template, tx_id, params, external_id=external_id, effective=effective)
        return True

    # --- obligations ----------------------------------------------------------------------------------------

    def record_due(self, op: Op, tx_id: UUID, moved: tuple[UUID, UUID], amount: UsdCents, on: date) -> None:
        """`moved`: from which receivable to which."""
        self._move(op, T.RECORD_OBLIGATION_DUE_BALANCE, tx_id, moved, amount=amount, on=on)

    def record_overdue(
        self, op: Op, tx_id: UUID, moved: tuple[UUID, UUID], amount: UsdCents, on: date
    ) -> None:
        self._move(op, T.RECORD_OBLIGATION_OVERDUE_BALANCE, tx_id, moved, amount=amount, on=on)

    def record_defaulted(
        self, op: Op, tx_id: UUID, moved: tuple[UUID, UUID], amount: UsdCents, on: date
    ) -> None:
        self._move(op, T.RECORD_OBLIGATION_DEFAULTED_BALANCE, tx_id, moved, amount=amount, on=on)

    @staticmethod
    def _move(
        op: Op, template: Template, tx_id: UUID, moved: tuple[UUID, UUID], *, amount: UsdCents, on: date
    ) -> None:
        params = {"amount": amount, "receivable_account_id": moved[0], "to_account_id": moved[1]}
        _post(op, template, tx_id, params, effective=on)

    # --- payments -------------------------------------------------------------------------------------------

    def record_payment(
        self,
        op: Op,
        payment_id: UUID,
        facility_id: UUID,
        ids: FacilityAccountIds,
        *,
        source_account_id: UUID,
        amount: UsdCents,
        effective: date,
    ) -> None:
        """Under the payment's id."""
        params = {
            "amount": amount,
            "payment_source_account_id": source_account_id,
            "payment_holding_account_id": ids.facility_payment_holding_account_id,
            "facility_uncovered_outstanding_account": ids.facility_uncovered_outstanding_account_id,
        }
        external_id = f"beneficiary-{facility_id}-idx-{payment_id}"
        _post(op, T.RECORD_PAYMENT, payment_id, params, external_id=external_id, effective=effective)

    def record_allocation(
        self,
        op: Op,
        allocation_id: UUID,
        holding_and_receivable: tuple[UUID, UUID],
        amount: UsdCents,
        *,
        external_id: str,
        effective: date,
    ) -> None:
        """Under the allocation's id."""
        params = {
            "amount": amount,
            "payment_holding_account_id": holding_and_receivable[0],
            "receivable_account_id": holding_and_receivable[1],
        }
        template = T.RECORD_PAYMENT_ALLOCATION
        _post(op, template, allocation_id, params, external_id=external_id, effective=effective)

    def refund_payment(
        self,
        op: Op,
        tx_id: UUID,
        holding_and_source: tuple[UUID, UUID],
        amount: UsdCents,
        effective: date,
    ) -> None:
        """What a payment leaves. None does: it is at most what is owed, and allocated in its own Op."""
        params = {
            "amount": amount,
            "payment_holding_account_id": holding_and_source[0],
            "payment_source_account_id": holding_and_source[1],
        }
        _post(op, T.REFUND_PAYMENT, tx_id, params, effective=effective)

    # --- collateral -----------------------------------------------------------------------------------------

    def add_collateral(
        self, op: Op, tx_id: UUID, ids: CollateralAccountIds, amount: Satoshis, effective: date
    ) -> None:
        params = {"amount": amount, "collateral_account_id": ids.collateral_account_id}
        _post(op, T.ADD_COLLATERAL, tx_id, params, effective=effective)

    def remove_collateral(
        self, op: Op, tx_id: UUID, ids: CollateralAccountIds, amount: Satoshis, effective: date
    ) -> None:
        params = {"amount": amount, "collateral_account_id": ids.collateral_account_id}
        _post(op, T.REMOVE_COLLATERAL, tx_id, params, effective=effective)

    def send_to_liquidation(self, op: Op, tx_id: UUID, ids: CollateralAccountIds, amount: Satoshis) -> None:
        params = {
            "amount": amount,
            "collateral_account_id": ids.collateral_account_id,
            "collateral_in_liquidation_account_id": ids.collateral_in_liquidation_account_id,
        }
        _post(op, T.SEND_COLLATERAL_TO_LIQUIDATION, tx_id, params)

    def receive_proceeds(
        self,
        op: Op,
        tx_id: UUID,
        ids: CollateralAccountIds,
        *,
        proceeds_account_id: UUID,
        amount: UsdCents,
        liquidated: Satoshis,
    ) -> None:
        """What was sent and not booked yet is booked as liquidated; a later tranche may have none."""
        params: dict[str, UUID | int] = {"amount": amount, "proceeds_account_id": proceeds_account_id}
        if not liquidated:
            _post(op, T.RECEIVE_FURTHER_PROCEEDS_FROM_LIQUIDATION, tx_id, params)
            return
        params |= {
            "amount_liquidated": liquidated,
            "collateral_in_liquidation_account_id": ids.collateral_in_liquidation_account_id,
            "liquidated_collateral_account_id": ids.liquidated_collateral_account_id,
        }
        _post(op, T.RECEIVE_PROCEEDS_FROM_LIQUIDATION, tx_id, params)

    def return_surplus(
        self, op: Op, tx_id: UUID, proceeds_account_id: UUID, deposit_account_id: UUID, amount: UsdCents
    ) -> None:
        params = {
            "amount": amount,
            "proceeds_account_id": proceeds_account_id,
            "deposit_account_id": deposit_account_id,
        }
        _post(op, T.RETURN_LIQUIDATION_SURPLUS, tx_id, params)


def _drawn(ids: FacilityAccountIds, amount: UsdCents) -> dict[str, UUID | int]:
    return {
        "amount": amount,
        "credit_facility_account": ids.facility_account_id,
        "facility_uncovered_outstanding_account": ids.facility_uncovered_outstanding_account_id,
    }


def _paid_out(ids: FacilityAccountIds, deposit_account_id: UUID) -> dict[str, UUID | int]:
    return {
        "receivable_not_yet_due_account_id": ids.disbursed_receivable_not_yet_due_account_id,
        "deposit_account_id": deposit_account_id,
    }


def _post(
    op: Op,
    template: Template,
    tx_id: UUID,
    params: Mapping[str, UUID | int],
    *,
    external_id: str | None = None,
    effective: date | None = None,
    disbursal: UUID | None = None,
) -> None:
    """Effective today unless it says otherwise."""
    metadata: dict[str, cala_ledger.JsonValue] = {"initiated_by": str(op.subject)}
    if disbursal is not None:
        metadata["entity_ref"] = {"entity_type": "Disbursal", "entity_id": str(disbursal)}
    transaction = cala_ledger.TransactionInput(
        id=tx_id,
        template=template,
        params=params,
        metadata=metadata,
        external_id=external_id,
        effective=effective or op.today,
    )
    op.post(TEMPLATES.prepare(transaction))
