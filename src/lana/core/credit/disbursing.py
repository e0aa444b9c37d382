"""How a disbursal begins and is settled, whether at once with an activation or after its approval."""

from __future__ import annotations

from uuid import UUID

from lana.core.credit.disbursal.entity import Disbursal, Initialized
from lana.core.credit.facility.entity import Facility
from lana.core.credit.history import DisbursalExecuted, tell
from lana.core.credit.obligations import Obligations, days_after, defaulted, receivables
from lana.core.credit.primitives import ObligationType
from lana.core.credit.public import DisbursalSettled, Settlement
from lana.core.credit.snapshots import told_disbursal
from lana.lib.es.op import Op
from lana.lib.money import UsdCents


def disbursal_of(
    facility: Facility, disbursal_id: UUID, amount: UsdCents, process_id: UUID, *, public_id: str
) -> Initialized:
    """A disbursal's beginning: due with the facility's maturity."""
    terms, due = facility.terms, facility.maturity_date
    kind = ObligationType.DISBURSAL
    return Initialized(
        id=disbursal_id,
        ledger_tx_id=disbursal_id,
        approval_process_id=process_id,
        facility_id=facility.id,
        amount=amount,
        account_ids=receivables(facility.account_ids, kind),
        defaulted_account_id=defaulted(facility.account_ids, kind),
        disbursal_credit_account_id=facility.disbursal_credit_account_id,
        due_date=due,
        overdue_date=days_after(due, terms.obligation_overdue_duration_from_due),
        liquidation_date=days_after(due, terms.obligation_liquidation_duration_from_due),
        public_id=public_id,
    )


def settle(
    op: Op, obligations: Obligations, facility: Facility, disbursal: Disbursal, *, tx_id: UUID, reference: str
) -> Settlement:
    """Paid out today by a transaction: it is owed from now on, and everybody is told."""
    obligation = obligations.owe_principal(
        op, facility, disbursal.amount, reference=reference, ledger_tx_id=tx_id
    )
    disbursal.settle(tx_id, obligation.id, op.today)
    settlement = Settlement(tx_id=tx_id, effective=op.today)
    op.publish(told_disbursal(DisbursalSettled, disbursal, settlement))
    tell(op, facility.id, DisbursalExecuted(cents=disbursal.amount, ledger_transaction_id=tx_id))
    return settlement
