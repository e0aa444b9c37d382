"""Words of the customer domain. Values of the enumerations are what events store."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from lana.lib.authz import Resource


class CustomerType(StrEnum):
    INDIVIDUAL = "Individual"
    GOVERNMENT_ENTITY = "GovernmentEntity"
    PRIVATE_COMPANY = "PrivateCompany"
    BANK = "Bank"
    FINANCIAL_INSTITUTION = "FinancialInstitution"
    FOREIGN_AGENCY_OR_SUBSIDIARY = "ForeignAgencyOrSubsidiary"
    NON_DOMICILED_COMPANY = "NonDomiciledCompany"


class ProspectStage(StrEnum):
    NEW = "new"
    KYC_STARTED = "kyc-started"
    KYC_PENDING = "kyc-pending"
    KYC_ON_HOLD = "kyc-on-hold"
    KYC_DECLINED = "kyc-declined"
    CONVERTED = "converted"
    CLOSED = "closed"


class KycStatus(StrEnum):
    NOT_STARTED = "not-started"
    STARTED = "started"
    PENDING = "pending"
    ON_HOLD = "on-hold"
    APPROVED = "approved"
    DECLINED = "declined"


class KycLevel(StrEnum):
    NOT_KYCED = "NotKyced"
    BASIC = "Basic"
    ADVANCED = "Advanced"


class CustomerStatus(StrEnum):
    ACTIVE = "active"
    FROZEN = "frozen"
    CLOSED = "closed"


class ConversionReason(StrEnum):
    SUMSUB_APPROVED = "sumsub-approved"
    MANUALLY_CONVERTED = "manually-converted"


class CustomerFreezeReason(StrEnum):
    """Who holds a customer frozen: a review that turned green lifts its own freeze, never that of staff."""

    STAFF = "staff"
    KYC = "kyc"


class PersonalInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the person or company; kept apart from events and erasable."""

    first_name: str
    last_name: str
    date_of_birth: str | None = None
    nationality: str | None = None
    address: str | None = None
    company_name: str | None = None


class CustomerObject:
    CUSTOMER = Resource("customer", "customer")
    PROSPECT = Resource("customer", "prospect")
    PARTY = Resource("customer", "party")


class CustomerAction:
    READ = CustomerObject.CUSTOMER.action("read")
    LIST = CustomerObject.CUSTOMER.action("list")
    CREATE = CustomerObject.CUSTOMER.action("create")
    CLOSE = CustomerObject.CUSTOMER.action("close")
    FREEZE = CustomerObject.CUSTOMER.action("freeze")
    UNFREEZE = CustomerObject.CUSTOMER.action("unfreeze")


class ProspectAction:
    READ = CustomerObject.PROSPECT.action("read")
    LIST = CustomerObject.PROSPECT.action("list")
    CREATE = CustomerObject.PROSPECT.action("create")
    UPDATE = CustomerObject.PROSPECT.action("update")
    CLOSE = CustomerObject.PROSPECT.action("close")
    START_KYC = CustomerObject.PROSPECT.action("start-kyc")
    APPROVE_KYC = CustomerObject.PROSPECT.action("approve-kyc")
    DECLINE_KYC = CustomerObject.PROSPECT.action("decline-kyc")


class PartyAction:
    READ = CustomerObject.PARTY.action("read")
    UPDATE = CustomerObject.PARTY.action("update")


CREATE_CREDIT_FACILITY = Resource("credit", "credit-facility").action("create")
