"""A repayment plan's entries and a facility's history, the same for staff and customers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry

from lana.core import credit as core
from lana.core.credit import history as told
from lana.lib.graphql import Satoshis, UsdCents

strawberry.enum(core.RepaymentStatus, name="CreditFacilityRepaymentStatus")
strawberry.enum(core.ObligationType, name="CreditFacilityRepaymentType")
strawberry.enum(core.CollateralDirection)
strawberry.enum(core.CollateralizationState)
strawberry.enum(core.PendingState, name="PendingCreditFacilityCollateralizationState")


@strawberry.type
class CreditFacilityRepaymentPlanEntry:
    repayment_type: core.ObligationType
    status: core.RepaymentStatus
    initial: UsdCents
    outstanding: UsdCents
    accrual_at: datetime
    due_at: date

    @classmethod
    def of(cls, entry: core.PlanEntry) -> CreditFacilityRepaymentPlanEntry:
        return cls(
            repayment_type=entry.repayment_type,
            status=entry.status,
            initial=entry.initial,
            outstanding=entry.outstanding,
            accrual_at=entry.accrual_at,
            due_at=entry.due_at,
        )


@strawberry.type
class CreditFacilityApproved:
    recorded_at: datetime
    effective: date
    cents: UsdCents
    ledger_transaction_id: UUID


@strawberry.type
class PendingCreditFacilityCollateralizationUpdated:
    recorded_at: datetime
    effective: date
    state: core.PendingState
    collateral: Satoshis
    price: UsdCents


@strawberry.type
class CreditFacilityCollateralizationUpdated:
    recorded_at: datetime
    effective: date
    state: core.CollateralizationState
    collateral: Satoshis
    outstanding_interest: UsdCents
    outstanding_disbursal: UsdCents
    price: UsdCents


@strawberry.type
class CreditFacilityCollateralUpdated:
    recorded_at: datetime
    effective: date
    satoshis: Satoshis
    direction: core.CollateralDirection
    ledger_transaction_id: UUID


@strawberry.type
class CreditFacilityCollateralSentOut:
    recorded_at: datetime
    effective: date
    amount: Satoshis
    ledger_transaction_id: UUID


@strawberry.type
class CreditFacilityRepaymentAmountReceived:
    recorded_at: datetime
    effective: date
    cents: UsdCents
    ledger_transaction_id: UUID


@strawberry.type
class CreditFacilityIncrementalPayment:
    recorded_at: datetime
    effective: date
    cents: UsdCents
    payment_id: UUID


@strawberry.type
class CreditFacilityDisbursalExecuted:
    recorded_at: datetime
    effective: date
    cents: UsdCents
    ledger_transaction_id: UUID


@strawberry.type
class CreditFacilityInterestAccrued:
    recorded_at: datetime
    effective: date
    cents: UsdCents
    days: int
    ledger_transaction_id: UUID


CreditFacilityHistoryEntry = Annotated[
    CreditFacilityIncrementalPayment
    | CreditFacilityCollateralUpdated
    | CreditFacilityApproved
    | PendingCreditFacilityCollateralizationUpdated
    | CreditFacilityCollateralizationUpdated
    | CreditFacilityDisbursalExecuted
    | CreditFacilityInterestAccrued
    | CreditFacilityCollateralSentOut
    | CreditFacilityRepaymentAmountReceived,
    strawberry.union("CreditFacilityHistoryEntry"),
]


def history_entry(entry: core.HistoryEntry) -> CreditFacilityHistoryEntry:
    recorded_at, effective = entry.recorded_at, entry.effective
    match entry.told:
        case told.Approved() as of:
            return CreditFacilityApproved(
                recorded_at=recorded_at,
                effective=effective,
                cents=of.cents,
                ledger_transaction_id=of.ledger_transaction_id,
            )
        case told.DisbursalExecuted() as of:
            return CreditFacilityDisbursalExecuted(
                recorded_at=recorded_at,
                effective=effective,
                cents=of.cents,
                ledger_transaction_id=of.ledger_transaction_id,
            )
        case told.InterestAccrued() as of:
            return CreditFacilityInterestAccrued(
                recorded_at=recorded_at,
                effective=effective,
                cents=of.cents,
                days=of.days,
                ledger_transaction_id=of.ledger_transaction_id,
            )
        case told.IncrementalPayment() as of:
            return CreditFacilityIncrementalPayment(
                recorded_at=recorded_at, effective=effective, cents=of.cents, payment_id=of.payment_id
            )
        case told.RepaymentAmountReceived() as of:
            return CreditFacilityRepaymentAmountReceived(
                recorded_at=recorded_at,
                effective=effective,
                cents=of.cents,
                ledger_transaction_id=of.ledger_transaction_id,
            )
        case _:
            return _about_collateral(entry)


def _about_collateral(entry: core.HistoryEntry) -> CreditFacilityHistoryEntry:
    recorded_at, effective = entry.recorded_at, entry.effective
    match entry.told:
        case told.CollateralChanged() as of:
            return CreditFacilityCollateralUpdated(
                recorded_at=recorded_at,
                effective=effective,
                satoshis=of.satoshis,
                direction=of.direction,
                ledger_transaction_id=of.ledger_transaction_id,
            )
        case told.CollateralSentOut() as of:
            return CreditFacilityCollateralSentOut(
                recorded_at=recorded_at,
                effective=effective,
                amount=of.amount,
                ledger_transaction_id=of.ledger_transaction_id,
            )
        case told.PendingCollateralizationUpdated() as of:
            return PendingCreditFacilityCollateralizationUpdated(
                recorded_at=recorded_at,
                effective=effective,
                state=of.state,
                collateral=of.collateral,
                price=of.price,
            )
        case told.CollateralizationUpdated() as of:
            return CreditFacilityCollateralizationUpdated(
                recorded_at=recorded_at,
                effective=effective,
                state=of.state,
                collateral=of.collateral,
                outstanding_interest=of.outstanding_interest,
                outstanding_disbursal=of.outstanding_disbursal,
                price=of.price,
            )
        case other:
            raise TypeError(f"a facility's history has no {type(other).__name__}")
