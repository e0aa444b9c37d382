"""Documents by id and by what they are about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final
from uuid import UUID

from lana.core.document.document.entity import Document
from lana.lib.es.repo import Repo
from lana.lib.es.table import Column

EACH: Final = 1_000
"""About one thing, at most."""

_OF_REFERENCES: Final = (
    "select r.id, d.id, d.created_at, d.state from unnest(%b::uuid[]) as r(id), lateral"
    " (select id, created_at, state from documents where reference_id = r.id"
    " order by created_at desc, id desc limit %b::int8) as d"
)


class DocumentRepo(Repo[Document]):
    entity: ClassVar[type[Document]] = Document
    table: ClassVar[str] = "documents"
    label: ClassVar[str] = "Document"
    columns: ClassVar[tuple[Column, ...]] = (
        Column("document_type", "text", lambda document: document.document_type),
        Column("reference_id", "uuid", lambda document: document.reference_id),
        Column("status", "text", lambda document: document.status),
    )

    async def of_references(self, reference_ids: Sequence[UUID]) -> dict[UUID, list[Document]]:
        """About each, newest first, in one statement."""
        found: dict[UUID, list[Document]] = {each: [] for each in reference_ids}
        for reference_id, *row in await self.db.fetch(_OF_REFERENCES, [list(found), EACH]):
            found[reference_id].append(self.read(row))
        return found
