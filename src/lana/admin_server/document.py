"""Documents about customers."""

from __future__ import annotations

from uuid import UUID

import strawberry

from lana.core import document as core
from lana.lib.graphql import entity

strawberry.enum(core.DocumentStatus)


@entity("customerDocumentId")
class CustomerDocument:
    customer_document_id: UUID
    customer_id: UUID
    filename: str
    status: core.DocumentStatus

    @classmethod
    def of(cls, document: core.Document) -> CustomerDocument:
        return cls(
            customer_document_id=document.id,
            customer_id=document.reference_id,
            filename=document.filename,
            status=document.status,
        )
