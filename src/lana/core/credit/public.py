"""What other domains hear of credit."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import msgspec

from lana.core.credit.cvl import CollateralizationState, PendingState
from lana.core.credit.position import Outstanding
from lana.core.credit.primitives import (
    CollateralDirection,
    DisbursalStatus,
    ObligationType,
    PendingStatus,
    ProposalStatus,
)
from lana.core.terms import Days, TermValues
from lana.lib.money import Satoshis, UsdCents
from lana.lib.outbox import PublicEvent

# --- proposals ----------------------------------------------------------------------------------------------


class ProposalSnapshot(PublicEvent, frozen=True):
    id: UUID
    status: ProposalStatus
    amount: UsdCents
    terms: TermValues
    customer_id: UUID
    created_at: datetime


class FacilityProposalCreated(ProposalSnapshot, frozen=True):
    module = "Credit"


class FacilityProposalConcluded(ProposalSnapshot, frozen=True):
    """Approved or denied by the bank, not by the customer."""

    module = "Credit"


# --- pending facilities -------------------------------------------------------------------------------------


class PendingCollateralization(msgspec.Struct, frozen=True, kw_only=True):
    state: PendingState
    collateral: Satoshis | None
    price_at_state_change: UsdCents | None


class PendingSnapshot(PublicEvent, frozen=True):
    id: UUID
    status: PendingStatus
    collateralization: PendingCollateralization
    amount: UsdCents
    terms: TermValues
    customer_id: UUID
    created_at: datetime
    completed_at: datetime | None = None


class PendingCreditFacilityCollateralizationChanged(PendingSnapshot, frozen=True):
    module = "Credit"


class PendingCreditFacilityCompleted(PendingSnapshot, frozen=True):
    module = "Credit"


# --- facilities ---------------------------------------------------------------------------------------------


class Collateralization(msgspec.Struct, frozen=True, kw_only=True):
    """`outstanding` is the payable part."""

    state: CollateralizationState
    collateral: Satoshis
    outstanding: Outstanding
    price_at_state_change: UsdCents


class LiquidationTriggered(msgspec.Struct, frozen=True, kw_only=True):
    liquidation_id: UUID
    trigger_price: UsdCents
    initially_expected_to_receive: UsdCents
    initially_estimated_to_liquidate: Satoshis


class FacilitySnapshot(PublicEvent, frozen=True):
    id: UUID
    customer_id: UUID
    collateral_id: UUID
    activation_tx_id: UUID
    activated_at: datetime
    amount: UsdCents
    collateralization: Collateralization
    completed_at: datetime | None = None
    liquidation_trigger: LiquidationTriggered | None = None


class FacilityActivated(FacilitySnapshot, frozen=True):
    module = "Credit"


class FacilityCompleted(FacilitySnapshot, frozen=True):
    module = "Credit"


class FacilityMatured(FacilitySnapshot, frozen=True):
    module = "Credit"


class FacilityCollateralizationChanged(FacilitySnapshot, frozen=True):
    module = "Credit"


class PartialLiquidationInitiated(FacilitySnapshot, frozen=True):
    module = "Credit"


# --- disbursals, interest -----------------------------------------------------------------------------------


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    tx_id: UUID
    effective: date


class DisbursalSnapshot(PublicEvent, frozen=True):
    id: UUID
    credit_facility_id: UUID
    amount: UsdCents
    status: DisbursalStatus
    settlement: Settlement | None = None


class DisbursalSettled(DisbursalSnapshot, frozen=True):
    module = "Credit"


class DisbursalApprovalConcluded(DisbursalSnapshot, frozen=True):
    module = "Credit"


class InterestPosting(msgspec.Struct, frozen=True, kw_only=True):
    """`tx_id` names no transaction where the amount is 0."""

    tx_id: UUID
    amount: UsdCents
    effective: date


class AccrualPosted(PublicEvent, frozen=True):
    module = "Credit"
    id: UUID
    credit_facility_id: UUID
    period: Days
    due_at: date
    posting: InterestPosting | None = None


# --- collection ---------------------------------------------------------------------------------------------


class PaymentCreated(PublicEvent, frozen=True):
    module = "CreditCollection"
    id: UUID
    beneficiary_id: UUID
    amount: UsdCents
    recorded_at: datetime
    effective: date


class PaymentAllocationCreated(PublicEvent, frozen=True):
    module = "CreditCollection"
    id: UUID
    obligation_id: UUID
    obligation_type: ObligationType
    beneficiary_id: UUID
    amount: UsdCents
    recorded_at: datetime
    effective: date


class ObligationSnapshot(PublicEvent, frozen=True):
    id: UUID
    obligation_type: ObligationType
    beneficiary_id: UUID
    initial_amount: UsdCents
    outstanding_amount: UsdCents
    due_at: date
    overdue_at: date | None
    defaulted_at: date | None
    recorded_at: datetime
    effective: date


class ObligationCreated(ObligationSnapshot, frozen=True):
    module = "CreditCollection"


class ObligationDue(ObligationSnapshot, frozen=True):
    module = "CreditCollection"


class ObligationOverdue(ObligationSnapshot, frozen=True):
    module = "CreditCollection"


class ObligationDefaulted(ObligationSnapshot, frozen=True):
    module = "CreditCollection"


class ObligationCompleted(ObligationSnapshot, frozen=True):
    module = "CreditCollection"


# --- collateral ---------------------------------------------------------------------------------------------


class CollateralAdjustment(msgspec.Struct, frozen=True, kw_only=True):
    tx_id: UUID
    abs_diff: Satoshis
    direction: CollateralDirection


class CollateralUpdated(PublicEvent, frozen=True):
    module = "CreditCollateral"
    id: UUID
    secured_loan_id: UUID
    amount: Satoshis
    adjustment: CollateralAdjustment | None = None


class LiquidationCollateralSentOut(PublicEvent, frozen=True):
    module = "CreditCollateral"
    flat = True
    liquidation_id: UUID
    secured_loan_id: UUID
    amount: Satoshis
    ledger_tx_id: UUID
    recorded_at: datetime
    effective: date


class LiquidationProceedsReceived(PublicEvent, frozen=True):
    module = "CreditCollateral"
    flat = True
    liquidation_id: UUID
    secured_loan_id: UUID
    amount: UsdCents
    ledger_tx_id: UUID
    recorded_at: datetime
    effective: date
    collateral_id: UUID
    payment_id: UUID


class LiquidationCompleted(PublicEvent, frozen=True):
    module = "CreditCollateral"
    flat = True
    liquidation_id: UUID
    secured_loan_id: UUID
