"""Documents: stored apart, reached by signed links."""

from lana.core.document.document.entity import Document
from lana.core.document.documents import Documents
from lana.core.document.links import Links
from lana.core.document.port import (
    Agreement,
    DocumentNotStored,
    DocumentStore,
    PdfRenderer,
    PlanRow,
    TermSheet,
)
from lana.core.document.primitives import DocumentKind, DocumentStatus

__all__ = [
    "Agreement",
    "Document",
    "DocumentKind",
    "DocumentNotStored",
    "DocumentStatus",
    "DocumentStore",
    "Documents",
    "Links",
    "PdfRenderer",
    "PlanRow",
    "TermSheet",
]
