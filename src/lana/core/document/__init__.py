"""Documents: stored apart, reached by signed links."""

from lana.core.document.document.entity import Document
from lana.core.document.document.errors import DocumentNotReady
from lana.core.document.documents import Documents
from lana.core.document.jobs import RemoveFile
from lana.core.document.links import PREFIX, BadLink, Links
from lana.core.document.of_customers import CustomerDocuments
from lana.core.document.paths import is_path
from lana.core.document.port import (
    LARGEST_BYTES,
    LONGEST_TEXT,
    MOST_ROWS,
    Agreement,
    DocumentMissing,
    DocumentNotStored,
    DocumentStore,
    Kept,
    PdfRenderer,
    PlanRow,
    PriceLevel,
    StoreUnreachable,
    TermSheet,
    Unrenderable,
)
from lana.core.document.primitives import DocumentKind, DocumentStatus

__all__ = [
    "LARGEST_BYTES",
    "LONGEST_TEXT",
    "MOST_ROWS",
    "PREFIX",
    "Agreement",
    "BadLink",
    "CustomerDocuments",
    "Document",
    "DocumentKind",
    "DocumentMissing",
    "DocumentNotReady",
    "DocumentNotStored",
    "DocumentStatus",
    "DocumentStore",
    "Documents",
    "Kept",
    "Links",
    "PdfRenderer",
    "PlanRow",
    "PriceLevel",
    "RemoveFile",
    "StoreUnreachable",
    "TermSheet",
    "Unrenderable",
    "is_path",
]
