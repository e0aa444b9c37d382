"""Words of documents."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

PDF: Final = "application/pdf"


class DocumentKind(StrEnum):
    """Also the folder they are kept in."""

    CREDIT_FACILITY_AGREEMENT = "credit_facility_agreement"
    TERM_SHEET = "term_sheet"


class DocumentStatus(StrEnum):
    NEW = "new"
    FAILED = "failed"
    ACTIVE = "active"
    ARCHIVED = "archived"
    DELETED = "deleted"
