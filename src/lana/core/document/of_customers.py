"""Documents that are about a customer, as staff find them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from lana.core.document.document.entity import Document
from lana.core.document.documents import Documents
from lana.core.document.primitives import CUSTOMER_DOCUMENT_READ, OF_CUSTOMERS
from lana.lib.authz import Authorizer, Scope


class CustomerDocuments:
    def __init__(self, authz: Authorizer, documents: Documents) -> None:
        self._authz = authz
        self._documents = documents

    async def maybe_find(self, ctx: Scope, document_id: UUID) -> Document | None:
        self._authz.enforce(ctx, CUSTOMER_DOCUMENT_READ, document_id)
        found = await self._documents.peek(document_id)
        return found if found and found.document_type in OF_CUSTOMERS else None

    async def find_many_by_customer(
        self, ctx: Scope, customer_ids: Sequence[UUID]
    ) -> Mapping[UUID, Sequence[Document]]:
        """Each one's, newest first."""
        self._authz.enforce(ctx, CUSTOMER_DOCUMENT_READ)
        return await self._documents.of_references(customer_ids)
