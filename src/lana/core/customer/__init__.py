"""Parties, prospects and customers."""

from lana.core.customer.config import ALLOW_MANUAL_CONVERSION
from lana.core.customer.contacts import NOBODY, Contact, Contacts
from lana.core.customer.customer.entity import Customer
from lana.core.customer.customer.errors import (
    CustomerClosePreconditionFailed,
    CustomerIsClosed,
    CustomerNotEligibleForProduct,
)
from lana.core.customer.customers import ClosingCheck, Customers
from lana.core.customer.jobs import CreateLogin, SyncLogin, create_login, sync_login
from lana.core.customer.primitives import (
    ConversionReason,
    CustomerStatus,
    CustomerType,
    KycLevel,
    KycStatus,
    PersonalInfo,
    ProspectStage,
)
from lana.core.customer.prospect.entity import Prospect
from lana.core.customer.prospects import Prospects
from lana.core.customer.public import (
    CustomerClosed,
    CustomerCreated,
    CustomerFrozen,
    CustomerUnfrozen,
    PartyCreated,
    PartyEmailUpdated,
    ProspectClosed,
    ProspectConverted,
    ProspectCreated,
    ProspectKycDeclined,
    ProspectKycPending,
    ProspectKycStarted,
    ProspectSnapshot,
)

__all__ = [
    "ALLOW_MANUAL_CONVERSION",
    "NOBODY",
    "ClosingCheck",
    "Contact",
    "Contacts",
    "ConversionReason",
    "CreateLogin",
    "Customer",
    "CustomerClosePreconditionFailed",
    "CustomerClosed",
    "CustomerCreated",
    "CustomerFrozen",
    "CustomerIsClosed",
    "CustomerNotEligibleForProduct",
    "CustomerStatus",
    "CustomerType",
    "CustomerUnfrozen",
    "Customers",
    "KycLevel",
    "KycStatus",
    "PartyCreated",
    "PartyEmailUpdated",
    "PersonalInfo",
    "Prospect",
    "ProspectClosed",
    "ProspectConverted",
    "ProspectCreated",
    "ProspectKycDeclined",
    "ProspectKycPending",
    "ProspectKycStarted",
    "ProspectSnapshot",
    "ProspectStage",
    "Prospects",
    "SyncLogin",
    "create_login",
    "sync_login",
]
