"""Obligations, disbursals and facilities as tests make them: no database, ids by number."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from lana.core.credit import CollateralizationState
from lana.core.credit.disbursal.entity import Disbursal
from lana.core.credit.disbursal.entity import Initialized as DisbursalInitialized
from lana.core.credit.facility.entity import Facility
from lana.core.credit.facility.events import Initialized as FacilityInitialized
from lana.core.credit.obligation.entity import Initialized, Obligation
from lana.core.credit.position import Outstanding
from lana.core.credit.primitives import FacilityAccountIds, ObligationType, ReceivableAccountIds
from lana.core.customer import CustomerType
from lana.core.terms import TermValues
from lana.lib.money import Satoshis, UsdCents
from tests.support.lending import terms

DAY = date(2026, 1, 15)
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
MATURITY = date(2026, 4, 15)
NYD, DUE, OVERDUE, DEFAULTED = (UUID(int=900 + n) for n in range(4))
RECEIVABLES = ReceivableAccountIds(not_yet_due=NYD, due=DUE, overdue=OVERDUE)


def an_obligation(
    amount: int,
    *,
    interest: bool = False,
    effective: date = DAY,
    due: date = MATURITY,
    overdue_after: int | None = 50,
    made: int = 0,
    number: int = 1,
) -> Obligation:
    """`made` microseconds after the others."""
    obligation = Obligation.born(
        Initialized(
            id=UUID(int=number),
            beneficiary_id=UUID(int=100),
            obligation_type=ObligationType.INTEREST if interest else ObligationType.DISBURSAL,
            amount=UsdCents(amount),
            reference=f"reference-{number}",
            ledger_tx_id=UUID(int=200 + number),
            receivable_account_ids=RECEIVABLES,
            defaulted_account_id=DEFAULTED,
            due_date=due,
            overdue_date=None if overdue_after is None else due + timedelta(days=overdue_after),
            defaulted_date=None,
            liquidation_date=due + timedelta(days=60),
            effective=effective,
        )
    )
    obligation.created_at = NOON + timedelta(microseconds=made)
    return obligation


def a_disbursal(amount: int) -> Disbursal:
    return Disbursal.initiate(
        DisbursalInitialized(
            id=UUID(int=1),
            ledger_tx_id=UUID(int=1),
            approval_process_id=UUID(int=1),
            facility_id=UUID(int=100),
            amount=UsdCents(amount),
            account_ids=RECEIVABLES,
            defaulted_account_id=DEFAULTED,
            disbursal_credit_account_id=UUID(int=300),
            due_date=MATURITY,
            overdue_date=None,
            liquidation_date=None,
            public_id="1000",
        )
    )


def a_facility(collateral: int = 100_000_000, values: TermValues | None = None) -> Facility:
    names = FacilityAccountIds.__struct_fields__
    accounts = {name: UUID(int=400 + number) for number, name in enumerate(names)}
    return Facility.born(
        FacilityInitialized(
            id=UUID(int=100),
            pending_credit_facility_id=UUID(int=100),
            customer_id=UUID(int=101),
            customer_type=CustomerType.INDIVIDUAL,
            collateral_id=UUID(int=102),
            ledger_tx_id=UUID(int=103),
            structuring_fee_tx_id=None,
            terms=values or terms(single=False, fee="0"),
            amount=UsdCents(10_000_000),
            account_ids=FacilityAccountIds(**accounts),
            disbursal_credit_account_id=UUID(int=300),
            public_id="1000",
            activated_at=NOON,
            activated_on=DAY,
            maturity_date=MATURITY,
            matures_at=datetime(2026, 4, 15, tzinfo=UTC),
            collateralization_state=CollateralizationState.FULLY_COLLATERALIZED,
            collateral=Satoshis(collateral),
            outstanding=Outstanding(),
            price=UsdCents(10_000_000),
        )
    )
