"""Obligations come into being with the Op that makes the debt; their creation is part of it."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from lana.core.credit.facility.entity import Facility
from lana.core.credit.obligation.entity import Initialized, Obligation
from lana.core.credit.obligation.repo import ObligationRepo
from lana.core.credit.primitives import FacilityAccountIds, ObligationType, ReceivableAccountIds
from lana.core.credit.public import ObligationCreated
from lana.core.credit.snapshots import told_obligation
from lana.core.terms import Duration
from lana.lib.es.op import Op
from lana.lib.money import UsdCents
from lana.lib.pg.database import Database


class Obligations:
    def __init__(self, db: Database) -> None:
        self.repo = ObligationRepo(db)

    def owe_principal(
        self, op: Op, facility: Facility, amount: UsdCents, *, reference: str, ledger_tx_id: UUID
    ) -> Obligation:
        """Of a disbursal settled today: due on the day of maturity."""
        return self._owe(
            op,
            facility,
            ObligationType.DISBURSAL,
            amount,
            reference=reference,
            ledger_tx_id=ledger_tx_id,
            due_date=facility.maturity_date,
            effective=op.today,
        )

    def owe_interest(
        self,
        op: Op,
        facility: Facility,
        amount: UsdCents,
        *,
        reference: str,
        ledger_tx_id: UUID,
        due_date: date,
        effective: date,
    ) -> Obligation:
        """Of a posted cycle."""
        return self._owe(
            op,
            facility,
            ObligationType.INTEREST,
            amount,
            reference=reference,
            ledger_tx_id=ledger_tx_id,
            due_date=due_date,
            effective=effective,
        )

    def _owe(
        self,
        op: Op,
        facility: Facility,
        kind: ObligationType,
        amount: UsdCents,
        *,
        reference: str,
        ledger_tx_id: UUID,
        due_date: date,
        effective: date,
    ) -> Obligation:
        terms = facility.terms
        obligation = Obligation.born(
            Initialized(
                id=op.new_id(),
                beneficiary_id=facility.id,
                obligation_type=kind,
                amount=amount,
                reference=reference,
                ledger_tx_id=ledger_tx_id,
                receivable_account_ids=receivables(facility.account_ids, kind),
                defaulted_account_id=defaulted(facility.account_ids, kind),
                due_date=due_date,
                overdue_date=days_after(due_date, terms.obligation_overdue_duration_from_due),
                defaulted_date=None,
                liquidation_date=days_after(due_date, terms.obligation_liquidation_duration_from_due),
                effective=effective,
            )
        )
        op.publish(told_obligation(ObligationCreated, obligation, op.now))
        return op.add(self.repo, obligation)


def receivables(ids: FacilityAccountIds, kind: ObligationType) -> ReceivableAccountIds:
    if kind is ObligationType.DISBURSAL:
        return ReceivableAccountIds(
            not_yet_due=ids.disbursed_receivable_not_yet_due_account_id,
            due=ids.disbursed_receivable_due_account_id,
            overdue=ids.disbursed_receivable_overdue_account_id,
        )
    return ReceivableAccountIds(
        not_yet_due=ids.interest_receivable_not_yet_due_account_id,
        due=ids.interest_receivable_due_account_id,
        overdue=ids.interest_receivable_overdue_account_id,
    )


def defaulted(ids: FacilityAccountIds, kind: ObligationType) -> UUID:
    principal = kind is ObligationType.DISBURSAL
    return ids.disbursed_defaulted_account_id if principal else ids.interest_defaulted_account_id


def days_after(day: date, duration: Duration | None) -> date | None:
    return None if duration is None else day + timedelta(days=duration.units)
