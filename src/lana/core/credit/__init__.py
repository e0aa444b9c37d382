"""Credit: lending against bitcoin."""

from lana.core.credit.config import SETTINGS
from lana.core.credit.own_requests import OwnCreditRequests
from lana.core.credit.primitives import RequestStatus
from lana.core.credit.request.application import Application, Consent, ConsentText, Draft
from lana.core.credit.request.drafts import StoredDraft
from lana.core.credit.request.entity import CreditRequest
from lana.core.credit.request.errors import (
    AmountOutOfBounds,
    CreditRequestNotFound,
    InvalidConsents,
    InvalidRequestText,
    OpenRequestExists,
    RequestAlreadyConcluded,
    RequestAlreadyTaken,
    RequestOfAnotherCustomer,
)
from lana.core.credit.request.public import CreditRequestSubmitted, CreditRequestUpdated
from lana.core.credit.request_expiry import RequestExpiry
from lana.core.credit.requests import CreditRequests

__all__ = [
    "SETTINGS",
    "AmountOutOfBounds",
    "Application",
    "Consent",
    "ConsentText",
    "CreditRequest",
    "CreditRequestNotFound",
    "CreditRequestSubmitted",
    "CreditRequestUpdated",
    "CreditRequests",
    "Draft",
    "InvalidConsents",
    "InvalidRequestText",
    "OpenRequestExists",
    "OwnCreditRequests",
    "RequestAlreadyConcluded",
    "RequestAlreadyTaken",
    "RequestExpiry",
    "RequestOfAnotherCustomer",
    "RequestStatus",
    "StoredDraft",
]
