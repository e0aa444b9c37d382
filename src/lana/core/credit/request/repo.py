"""Credit requests as stored, and those that may expire."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from lana.core.credit.request.entity import CreditRequest
from lana.lib.es.children import ChildRepo
from lana.lib.es.table import Column

_OPEN_SINCE: Final = (
    "select id from credit_requests where status in ('submitted', 'in_review')"
    " and created_at <= %b::timestamptz and id > %b::uuid order by id limit %b::int8"
)


class CreditRequestRepo(ChildRepo[CreditRequest]):
    entity: ClassVar[type[CreditRequest]] = CreditRequest
    table: ClassVar[str] = "credit_requests"
    label: ClassVar[str] = "CreditRequest"
    parent: ClassVar[str] = "customer_id"
    columns: ClassVar[tuple[Column, ...]] = (
        Column("customer_id", "uuid", lambda request: request.customer_id),
        Column("terms_template_id", "uuid", lambda request: request.terms_template_id),
        Column("status", "text", lambda request: request.status),
        Column("amount", "int8", lambda request: request.amount),
    )

    async def open_since(self, at: datetime, after: UUID, limit: int) -> list[UUID]:
        """Open ones made until `at`, by id, above `after`."""
        return [row[0] for row in await self.db.fetch(_OPEN_SINCE, [at, after, limit])]
