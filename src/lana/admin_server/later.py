"""Kinds whose domains do not exist yet, as far as today's types refer to them.

No object of these kinds can exist, so their lists are empty and single ones are null; the fields are those
that need no further kinds. Each moves to its domain's file, with all its fields, when the domain comes.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from uuid import UUID

import strawberry

from lana.lib.graphql import PublicId, Satoshis, UsdCents, entity


@strawberry.enum
class CreditFacilityStatus(Enum):
    ACTIVE = "active"
    MATURED = "matured"
    CLOSED = "closed"


@strawberry.enum
class CollateralizationState(Enum):
    FULLY_COLLATERALIZED = "fully_collateralized"
    UNDER_MARGIN_CALL_THRESHOLD = "under_margin_call_threshold"
    UNDER_LIQUIDATION_THRESHOLD = "under_liquidation_threshold"
    NO_COLLATERAL = "no_collateral"
    NO_EXPOSURE = "no_exposure"


@strawberry.enum
class CreditFacilityProposalStatus(Enum):
    PENDING_CUSTOMER_APPROVAL = "pending_customer_approval"
    CUSTOMER_DENIED = "customer_denied"
    PENDING_APPROVAL = "pending_approval"
    APPROVED = "approved"
    DENIED = "denied"


@strawberry.enum
class PendingCreditFacilityStatus(Enum):
    PENDING_COLLATERALIZATION = "pending_collateralization"
    COMPLETED = "completed"


@strawberry.enum
class PendingCreditFacilityCollateralizationState(Enum):
    FULLY_COLLATERALIZED = "fully_collateralized"
    UNDER_COLLATERALIZED = "under_collateralized"
    NOT_YET_COLLATERALIZED = "not_yet_collateralized"


@strawberry.enum
class DisbursalStatus(Enum):
    NEW = "new"
    APPROVED = "approved"
    DENIED = "denied"
    CONFIRMED = "confirmed"


@strawberry.enum
class DocumentStatus(Enum):
    NEW = "new"
    FAILED = "failed"
    ACTIVE = "active"
    ARCHIVED = "archived"
    DELETED = "deleted"


@entity("creditFacilityId")
class CreditFacility:
    credit_facility_id: UUID
    public_id: PublicId
    collateral_id: UUID
    status: CreditFacilityStatus
    facility_amount: UsdCents
    collateralization_state: CollateralizationState
    created_at: datetime
    activated_at: datetime
    matures_at: datetime


@entity("creditFacilityProposalId")
class CreditFacilityProposal:
    credit_facility_proposal_id: UUID
    approval_process_id: UUID | None
    status: CreditFacilityProposalStatus
    facility_amount: UsdCents
    created_at: datetime


@entity("pendingCreditFacilityId")
class PendingCreditFacility:
    pending_credit_facility_id: UUID
    credit_facility_id: UUID
    approval_process_id: UUID
    collateral_id: UUID
    status: PendingCreditFacilityStatus
    facility_amount: UsdCents
    collateral: Satoshis
    collateralization_state: PendingCreditFacilityCollateralizationState
    created_at: datetime


@entity("creditFacilityDisbursalId")
class CreditFacilityDisbursal:
    credit_facility_disbursal_id: UUID
    public_id: PublicId
    amount: UsdCents
    status: DisbursalStatus
    created_at: datetime


@entity("creditFacilityPaymentAllocationId")
class CreditFacilityPaymentAllocation:
    credit_facility_payment_allocation_id: UUID
    amount: UsdCents
    created_at: datetime


@entity("collateralId")
class Collateral:
    collateral_id: UUID
    account_id: UUID
    wallet_id: UUID | None


@entity("customerDocumentId")
class CustomerDocument:
    customer_document_id: UUID
    customer_id: UUID
    filename: str
    status: DocumentStatus


@strawberry.type
class DepositAccountModuleConfig:
    chart_of_accounts_id: UUID | None
    chart_of_accounts_omnibus_parent_code: str | None
    chart_of_accounts_individual_deposit_accounts_parent_code: str | None
    chart_of_accounts_government_entity_deposit_accounts_parent_code: str | None
    chart_of_accounts_private_company_deposit_accounts_parent_code: str | None
    chart_of_accounts_bank_deposit_accounts_parent_code: str | None
    chart_of_accounts_financial_institution_deposit_accounts_parent_code: str | None
    chart_of_accounts_non_domiciled_company_deposit_accounts_parent_code: str | None
    chart_of_accounts_frozen_individual_deposit_accounts_parent_code: str | None
    chart_of_accounts_frozen_government_entity_deposit_accounts_parent_code: str | None
    chart_of_accounts_frozen_private_company_deposit_accounts_parent_code: str | None
    chart_of_accounts_frozen_bank_deposit_accounts_parent_code: str | None
    chart_of_accounts_frozen_financial_institution_deposit_accounts_parent_code: str | None
    chart_of_accounts_frozen_non_domiciled_company_deposit_accounts_parent_code: str | None
