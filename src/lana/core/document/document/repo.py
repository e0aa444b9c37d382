"""Documents by id and by what they are about."""

from __future__ import annotations

from typing import ClassVar

from lana.core.document.document.entity import Document
from lana.lib.es.repo import Repo
from lana.lib.es.table import Column


class DocumentRepo(Repo[Document]):
    entity: ClassVar[type[Document]] = Document
    table: ClassVar[str] = "documents"
    label: ClassVar[str] = "Document"
    columns: ClassVar[tuple[Column, ...]] = (
        Column("document_type", "text", lambda document: document.document_type),
        Column("reference_id", "uuid", lambda document: document.reference_id),
        Column("status", "text", lambda document: document.status),
    )
