"""Documents: asked for in an Op, made and stored by a job, reached by a signed link."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from uuid import UUID

from lana.core.document.document.entity import Document, Initialized
from lana.core.document.document.repo import DocumentRepo
from lana.core.document.links import Links
from lana.core.document.port import DocumentStore
from lana.core.document.primitives import DocumentKind
from lana.lib.es.op import Op
from lana.lib.pg.database import Database


class Documents:
    """Whoever owns what a document is about decides who may read it."""

    def __init__(self, db: Database, store: DocumentStore, links: Links) -> None:
        self.repo = DocumentRepo(db)
        self._store = store
        self._links = links

    def create(self, op: Op, kind: DocumentKind, reference_id: UUID, filename: str) -> Document:
        """A PDF to be made."""
        new = op.new_id()
        event = Initialized(
            id=new,
            document_type=kind,
            filename=filename,
            content_type="application/pdf",
            reference_id=reference_id,
            path=f"documents/{kind}/{new}.pdf",
        )
        return op.add(self.repo, Document.born(event))

    async def put(self, document: Document, content: bytes) -> str:
        """Keep its bytes, before the Op that says so; answers their SHA-256. DocumentNotStored."""
        await self._store.put(document.path, content)
        return hashlib.sha256(content).hexdigest()

    async def mark_stored(self, op: Op, document_id: UUID, size: int, sha256: str) -> Document:
        document = await op.find(self.repo, document_id)
        document.store(size, sha256)
        return document

    async def mark_failed(self, op: Op, document_id: UUID, error: str) -> Document:
        document = await op.find(self.repo, document_id)
        document.fail(error)
        return document

    async def peek(self, document_id: UUID) -> Document | None:
        return await self.repo.peek(document_id)

    async def peek_many(self, ids: Sequence[UUID]) -> Mapping[UUID, Document]:
        return await self.repo.peek_many(ids)

    def link(self, document: Document) -> str:
        return self._links.link(document.path)
