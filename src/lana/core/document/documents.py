"""Documents: asked for in an Op, made and stored by a job, reached by a signed link."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from uuid import UUID

from lana.core.document.document.entity import Document, Initialized
from lana.core.document.document.errors import DocumentNotReady
from lana.core.document.document.repo import DocumentRepo
from lana.core.document.jobs import remove_file
from lana.core.document.links import Links
from lana.core.document.paths import path_of, sanitized
from lana.core.document.port import DocumentStore, Kept
from lana.core.document.primitives import PDF, DocumentKind
from lana.lib.es.entity import DONE
from lana.lib.es.op import Op
from lana.lib.pg.database import Database

LONGEST_ERROR = 500


class Documents:
    """Whoever owns what a document is about decides who may read it, and asks for permission."""

    def __init__(self, db: Database, store: DocumentStore, links: Links) -> None:
        self.repo = DocumentRepo(db)
        self._store = store
        self._links = links

    # --- made -----------------------------------------------------------------------------------------------

    def create(
        self, op: Op, kind: DocumentKind, reference_id: UUID, filename: str, *, content_type: str = PDF
    ) -> Document:
        """A document whose bytes are still to come."""
        return self._create(op, op.new_id(), kind, (reference_id, filename, content_type))

    async def create_once(
        self, op: Op, document_id: UUID, kind: DocumentKind, reference_id: UUID, filename: str
    ) -> Document:
        """The PDF of this id, created unless it is there: a job that runs again goes on with its own."""
        found = await op.maybe_find(self.repo, document_id)
        return found or self._create(op, document_id, kind, (reference_id, filename, PDF))

    def _create(
        self, op: Op, document_id: UUID, kind: DocumentKind, about: tuple[UUID, str, str]
    ) -> Document:
        reference_id, filename, content_type = about
        event = Initialized(
            id=document_id,
            document_type=kind,
            reference_id=reference_id,
            sanitized_filename=sanitized(filename),
            original_filename=filename,
            content_type=content_type,
            path_in_storage=path_of(kind, document_id, content_type),
            storage_identifier=self._store.identifier,
        )
        return op.add(self.repo, Document.born(event))

    async def keep(self, document: Document, content: bytes) -> Kept:
        """Its bytes into the store, before the Op that says so. DocumentNotStored.

        Two may be at it (a job whose worker was thought dead): the first bytes stay, and both are answered
        what lies there, so the hash is always that of the file.
        """
        path = document.path_in_storage
        if not await self._store.put(path, content):
            return await self._store.measure(path)
        return Kept(len(content), hashlib.sha256(content).hexdigest())

    async def mark_stored(self, op: Op, document_id: UUID, kept: Kept) -> Document:
        """Deleted meanwhile: its file goes again."""
        document = await op.find(self.repo, document_id)
        document.store(kept.size, kept.sha256)
        if document.is_deleted:
            op.defer(remove_file(document.id))
        return document

    async def mark_failed(self, op: Op, document_id: UUID, error: str) -> Document:
        document = await op.find(self.repo, document_id)
        document.fail(error[:LONGEST_ERROR])
        return document

    # --- kept -----------------------------------------------------------------------------------------------

    async def archive(self, op: Op, document_id: UUID) -> Document:
        document = await op.find(self.repo, document_id)
        document.archive()
        return document

    async def delete(self, op: Op, document_id: UUID) -> Document:
        """Nobody finds it from now on; its bytes go with a job of the same Op."""
        document = await op.find(self.repo, document_id)
        if document.delete() is DONE:
            op.defer(remove_file(document.id))
        return document

    async def remove_file_of(self, document_id: UUID) -> None:
        document = await self.repo.peek(document_id)
        if document is not None and document.is_deleted:
            await self._store.delete(document.path_in_storage)

    # --- read -----------------------------------------------------------------------------------------------

    async def issue_link(self, op: Op, document: Document) -> str:
        """A signed link, and that it was given out. DocumentNotReady."""
        document.link()
        return self._links.link(document.path_in_storage, of_customer=op.subject.is_customer)

    def own_link(self, document: Document) -> str:
        """For the customer whose it is, read along with what it belongs to. DocumentNotReady."""
        if not document.is_stored:
            raise DocumentNotReady(document.id)
        return self._links.link(document.path_in_storage, of_customer=True)

    async def peek(self, document_id: UUID) -> Document | None:
        """None as well when it is deleted."""
        return (await self.peek_many([document_id])).get(document_id)

    async def peek_many(self, ids: Sequence[UUID]) -> Mapping[UUID, Document]:
        found = await self.repo.peek_many(ids)
        return {key: document for key, document in found.items() if not document.is_deleted}

    async def of_references(self, reference_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Document]]:
        """Everything about each customer (or whatever else documents refer to), newest first."""
        found = await self.repo.of_references(reference_ids)
        return {key: [each for each in those if not each.is_deleted] for key, those in found.items()}
