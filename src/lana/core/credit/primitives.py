"""Words of credit. Values of the enumerations are what events store."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

import msgspec

from lana.lib.authz import Resource


class ProposalStatus(StrEnum):
    PENDING_CUSTOMER_APPROVAL = "pending_customer_approval"
    CUSTOMER_DENIED = "customer_denied"
    PENDING_APPROVAL = "pending_approval"
    APPROVED = "approved"
    DENIED = "denied"


class ProposalEnd(StrEnum):
    """Why a proposal was denied without a decision of the committee."""

    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class PendingStatus(StrEnum):
    PENDING_COLLATERALIZATION = "pending_collateralization"
    COMPLETED = "completed"


class FacilityStatus(StrEnum):
    ACTIVE = "active"
    MATURED = "matured"
    CLOSED = "closed"


class DisbursalStatus(StrEnum):
    NEW = "new"
    APPROVED = "approved"
    DENIED = "denied"
    CONFIRMED = "confirmed"


class DenialReason(StrEnum):
    """Why an approved disbursal was not paid out."""

    BELOW_MARGIN_LIMIT = "below_margin_limit"
    PAST_MATURITY = "past_maturity"


class ObligationType(StrEnum):
    DISBURSAL = "disbursal"
    INTEREST = "interest"


class ObligationStatus(StrEnum):
    NOT_YET_DUE = "not_yet_due"
    DUE = "due"
    OVERDUE = "overdue"
    DEFAULTED = "defaulted"
    PAID = "paid"


class CollateralDirection(StrEnum):
    ADD = "Add"
    REMOVE = "Remove"


class ReleaseState(StrEnum):
    NONE = "none"
    RELEASE_REQUESTED = "release_requested"
    RELEASED = "released"


class RequestStatus(StrEnum):
    SUBMITTED = "submitted"
    IN_REVIEW = "in_review"
    PROPOSED = "proposed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


# --- ledger accounts ----------------------------------------------------------------------------------------


class PendingAccountIds(msgspec.Struct, frozen=True, kw_only=True):
    """The ledger accounts of a facility that waits for its collateral, opened when its proposal is
    approved.
    """

    facility_account_id: UUID
    facility_proceeds_from_liquidation_account_id: UUID
    facility_uncovered_outstanding_account_id: UUID
    facility_payment_holding_account_id: UUID


class FacilityAccountIds(PendingAccountIds, frozen=True, kw_only=True):
    """All ledger accounts of an active facility: those of the pending one, and ten more."""

    disbursed_receivable_not_yet_due_account_id: UUID
    disbursed_receivable_due_account_id: UUID
    disbursed_receivable_overdue_account_id: UUID
    disbursed_defaulted_account_id: UUID
    interest_receivable_not_yet_due_account_id: UUID
    interest_receivable_due_account_id: UUID
    interest_receivable_overdue_account_id: UUID
    interest_defaulted_account_id: UUID
    interest_income_account_id: UUID
    fee_income_account_id: UUID


class CollateralAccountIds(msgspec.Struct, frozen=True, kw_only=True):
    collateral_account_id: UUID
    liquidated_collateral_account_id: UUID
    collateral_in_liquidation_account_id: UUID


class ReceivableAccountIds(msgspec.Struct, frozen=True, kw_only=True):
    """Where an obligation stands while it is not yet due, due, overdue."""

    not_yet_due: UUID
    due: UUID
    overdue: UUID


# --- permissions --------------------------------------------------------------------------------------------


class CreditObject:
    FACILITY = Resource("credit", "credit-facility")
    DISBURSAL = Resource("credit", "disbursal")
    REQUEST = Resource("credit", "credit-request")
    CONFIG = Resource("credit", "chart-of-accounts-integration-config")
    OBLIGATION = Resource("credit", "obligation")
    COLLECTION = Resource("credit-collection", "obligation")
    COLLATERAL = Resource("credit-collateral", "collateral")
    LIQUIDATION = Resource("credit-collateral", "liquidation")


class FacilityAction:
    """Of proposals, pending and active facilities alike."""

    READ = CreditObject.FACILITY.action("read")
    LIST = CreditObject.FACILITY.action("list")
    CREATE = CreditObject.FACILITY.action("create")
    CUSTOMER_APPROVE = CreditObject.FACILITY.action("customer-approve")
    CONCLUDE_APPROVAL_PROCESS = CreditObject.FACILITY.action("conclude-approval-process")
    ACTIVATE = CreditObject.FACILITY.action("activate")
    RECORD_INTEREST = CreditObject.FACILITY.action("record-interest")
    COMPLETE = CreditObject.FACILITY.action("complete")
    UPDATE_COLLATERALIZATION_STATE = CreditObject.FACILITY.action("update-collateralization-state")


class DisbursalAction:
    READ = CreditObject.DISBURSAL.action("read")
    LIST = CreditObject.DISBURSAL.action("list")
    INITIATE = CreditObject.DISBURSAL.action("initiate")
    SETTLE = CreditObject.DISBURSAL.action("settle")


class RequestAction:
    READ = CreditObject.REQUEST.action("read")
    LIST = CreditObject.REQUEST.action("list")
    TAKE = CreditObject.REQUEST.action("take")
    DECLINE = CreditObject.REQUEST.action("decline")


class ConfigAction:
    READ = CreditObject.CONFIG.action("read")
    UPDATE = CreditObject.CONFIG.action("update")


class ObligationAction:
    READ = CreditObject.OBLIGATION.action("read")
    UPDATE_STATUS = CreditObject.COLLECTION.action("update-status")
    RECORD_PAYMENT_ALLOCATION = CreditObject.OBLIGATION.action("record-payment-allocation")
    RECORD_PAYMENT_ALLOCATION_WITH_DATE = CreditObject.OBLIGATION.action(
        "record-payment-allocation-with-date"
    )


class CollateralAction:
    RECORD_MANUAL_UPDATE = CreditObject.COLLATERAL.action("record-manual-update")
    RECORD_CUSTODIAN_SYNC = CreditObject.COLLATERAL.action("record-custodian-sync")
    RECORD_LIQUIDATION_UPDATE = CreditObject.COLLATERAL.action("record-liquidation-update")
    RECORD_PAYMENT_RECEIVED_FROM_LIQUIDATION = CreditObject.COLLATERAL.action(
        "record-payment-received-from-liquidation"
    )


class LiquidationAction:
    READ = CreditObject.LIQUIDATION.action("read")
    LIST = CreditObject.LIQUIDATION.action("list")


# --- system actors ------------------------------------------------------------------------------------------


class Actor(StrEnum):
    """Who the system is in audit and `initiated_by`."""

    INTEREST_ACCRUAL = "interest-accrual"
    COLLATERALIZATION_SYNC = "collateralization-sync"
    ACTIVATION = "credit-facility-activation"
    PENDING_CREATION = "pending-facility-creation"
    PAYMENT_ALLOCATION = "credit-facility-payment-allocation"
    DISBURSAL_APPROVAL = "disbursal-approval"
    OBLIGATION_SYNC = "obligation-sync"
    CUSTODIAN_SYNC = "custodian-sync"
