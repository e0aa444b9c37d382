"""What a customer has filled in so far: one row per customer and product, without history."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from lana.core.credit.request.application import Draft
from lana.lib.es.op import Op
from lana.lib.es.table import RowTable
from lana.lib.pg.database import Database

TABLE: Final = RowTable(
    "credit_request_drafts",
    ("customer_id", "terms_template_id"),
    (
        ("customer_id", "uuid"),
        ("terms_template_id", "uuid"),
        ("content", "jsonb"),
        ("discarded", "bool"),
        ("updated_at", "timestamptz"),
    ),
)

_OF_CUSTOMER: Final = (
    "select terms_template_id, content, updated_at from credit_request_drafts"
    " where customer_id = %b::uuid and not discarded order by updated_at desc limit %b::int8"
)


class StoredDraft(msgspec.Struct, frozen=True, kw_only=True):
    terms_template_id: UUID
    content: Draft
    updated_at: datetime


class Drafts:
    def __init__(self, db: Database) -> None:
        self._db = db

    def save(self, op: Op, customer_id: UUID, terms_template_id: UUID, draft: Draft) -> StoredDraft:
        """Instead of the one before."""
        op.put(TABLE, customer_id, terms_template_id, msgspec.to_builtins(draft), False, op.now)
        return StoredDraft(terms_template_id=terms_template_id, content=draft, updated_at=op.now)

    def discard(self, op: Op, customer_id: UUID, terms_template_id: UUID) -> None:
        op.put(TABLE, customer_id, terms_template_id, None, True, op.now)

    async def of_customer(self, customer_id: UUID) -> list[StoredDraft]:
        """Latest first, up to the bound of lists without pages."""
        rows = await self._db.fetch(_OF_CUSTOMER, [customer_id, self._db.list_bound])
        return [
            StoredDraft(
                terms_template_id=row[0],
                content=msgspec.json.decode(row[1], type=Draft),
                updated_at=row[2],
            )
            for row in rows
        ]
