"""Events of a facility."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from lana.core.credit.cvl import CollateralizationState
from lana.core.credit.position import Outstanding, Position
from lana.core.credit.primitives import FacilityAccountIds
from lana.core.customer import CustomerType
from lana.core.terms import Days, TermValues
from lana.lib.es.entity import Event
from lana.lib.money import Satoshis, UsdCents


class Initialized(Event, frozen=True, tag="initialized"):
    id: UUID
    pending_credit_facility_id: UUID
    customer_id: UUID
    customer_type: CustomerType
    collateral_id: UUID
    ledger_tx_id: UUID
    structuring_fee_tx_id: UUID | None
    terms: TermValues
    amount: UsdCents
    account_ids: FacilityAccountIds
    disbursal_credit_account_id: UUID
    public_id: str
    activated_at: datetime
    activated_on: date
    maturity_date: date
    matures_at: datetime
    collateralization_state: CollateralizationState
    collateral: Satoshis
    outstanding: Outstanding
    price: UsdCents


class InterestAccrualCycleStarted(Event, frozen=True, tag="interest_accrual_cycle_started"):
    interest_accrual_id: UUID
    interest_accrual_cycle_idx: int
    interest_period: Days


class InterestAccrualCycleConcluded(Event, frozen=True, tag="interest_accrual_cycle_concluded"):
    """Without a ledger transaction where nothing was posted: at completion, or a total of 0."""

    interest_accrual_cycle_idx: int
    ledger_tx_id: UUID | None
    obligation_id: UUID | None = None


class CollateralizationStateChanged(Event, frozen=True, tag="collateralization_state_changed"):
    """`outstanding` is the part that is payable."""

    collateralization_state: CollateralizationState
    collateral: Satoshis
    outstanding: Outstanding
    price: UsdCents


class CollateralizationRatioChanged(Event, frozen=True, tag="collateralization_ratio_changed"):
    """Collateral or what is owed has changed; the ratio is satoshis per cent, None when infinite."""

    collateralization_ratio: Decimal | None
    position: Position


class PartialLiquidationInitiated(Event, frozen=True, tag="partial_liquidation_initiated"):
    liquidation_id: UUID
    trigger_price: UsdCents
    initially_expected_to_receive: UsdCents
    initially_estimated_to_liquidate: Satoshis


class LiquidationProceedsApplied(Event, frozen=True, tag="proceeds_from_partial_liquidation_applied"):
    """`completes` False: a tranche, and more may follow."""

    liquidation_id: UUID
    completes: bool = True


class LiquidationCancelled(Event, frozen=True, tag="partial_liquidation_cancelled"):
    liquidation_id: UUID


class Matured(Event, frozen=True, tag="matured"):
    pass


class CompletionRequested(Event, frozen=True, tag="completion_requested"):
    """Nothing is owed any more; the coins are on their way back."""


class Completed(Event, frozen=True, tag="completed"):
    pass


FacilityEvent = (
    Initialized
    | InterestAccrualCycleStarted
    | InterestAccrualCycleConcluded
    | CollateralizationStateChanged
    | CollateralizationRatioChanged
    | PartialLiquidationInitiated
    | LiquidationProceedsApplied
    | LiquidationCancelled
    | Matured
    | CompletionRequested
    | Completed
)
