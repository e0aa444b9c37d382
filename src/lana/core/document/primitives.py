"""Words of documents."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from lana.lib.authz import Resource

PDF: Final = "application/pdf"
CUSTOMER_DOCUMENT_READ: Final = Resource("customer", "customer-document").action("read")


class DocumentKind(StrEnum):
    """Also the folder they are kept in."""

    CREDIT_FACILITY_AGREEMENT = "credit_facility_agreement"
    TERM_SHEET = "term_sheet"


OF_CUSTOMERS: Final = frozenset({DocumentKind.CREDIT_FACILITY_AGREEMENT})
"""Kinds that refer to a customer."""


class DocumentStatus(StrEnum):
    NEW = "new"
    FAILED = "failed"
    ACTIVE = "active"
    ARCHIVED = "archived"
    DELETED = "deleted"
