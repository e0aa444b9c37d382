"""Kinds whose domains do not exist yet, as far as today's types refer to them. No
object of them can exist.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from uuid import UUID

import strawberry

from lana.lib.graphql import UsdCents


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
class DisbursalStatus(Enum):
    NEW = "new"
    APPROVED = "approved"
    DENIED = "denied"
    CONFIRMED = "confirmed"


@strawberry.type
class CreditFacility:
    id: strawberry.ID
    credit_facility_id: UUID
    facility_amount: UsdCents
    status: CreditFacilityStatus
    collateralization_state: CollateralizationState
    activated_at: datetime
    matures_at: datetime


@strawberry.type
class CreditFacilityDisbursal:
    id: strawberry.ID
    credit_facility_disbursal_id: UUID
    amount: UsdCents
    status: DisbursalStatus
    created_at: datetime


@strawberry.type
class CreditFacilityPaymentAllocation:
    id: strawberry.ID
    credit_facility_payment_allocation_id: UUID
    amount: UsdCents
    created_at: datetime
    credit_facility: CreditFacility
