"""A document: asked for, then stored or failed; archived or deleted."""

from __future__ import annotations

from typing import ClassVar, Self
from uuid import UUID

from lana.core.document.document.errors import DocumentNotReady
from lana.core.document.primitives import DocumentKind, DocumentStatus
from lana.lib.es.entity import ALREADY, Entity, Event, Outcome


class Initialized(Event, frozen=True, tag="initialized"):
    id: UUID
    document_type: DocumentKind
    reference_id: UUID
    sanitized_filename: str
    original_filename: str
    content_type: str
    path_in_storage: str
    storage_identifier: str


class FileUploaded(Event, frozen=True, tag="file_uploaded"):
    """`size` in bytes, `sha256` in lower-case hex."""

    size: int
    sha256: str


class UploadFailed(Event, frozen=True, tag="upload_failed"):
    error: str


class DownloadLinkGenerated(Event, frozen=True, tag="download_link_generated"):
    pass


class Archived(Event, frozen=True, tag="archived"):
    pass


class Deleted(Event, frozen=True, tag="deleted"):
    pass


DocumentEvent = Initialized | FileUploaded | UploadFailed | DownloadLinkGenerated | Archived | Deleted


class Document(Entity[DocumentEvent]):
    """Once stored its bytes never change: its hash is what others rely on."""

    kind: ClassVar[str] = "document"
    event_types: ClassVar[object] = DocumentEvent

    document_type: DocumentKind
    reference_id: UUID
    filename: str
    content_type: str
    path_in_storage: str
    status: DocumentStatus = DocumentStatus.NEW
    size: int | None = None
    sha256: str | None = None

    @classmethod
    def begin(cls, event: DocumentEvent) -> Self:
        assert isinstance(event, Initialized)
        return cls(
            id=event.id,
            document_type=event.document_type,
            reference_id=event.reference_id,
            filename=event.sanitized_filename,
            content_type=event.content_type,
            path_in_storage=event.path_in_storage,
        )

    def apply(self, event: DocumentEvent) -> None:
        match event:
            case FileUploaded():
                self.size = event.size
                self.sha256 = event.sha256
                if self.status is not DocumentStatus.ARCHIVED:
                    self.status = DocumentStatus.ACTIVE
            case UploadFailed():
                self.status = DocumentStatus.FAILED
            case DownloadLinkGenerated():
                pass
            case Archived():
                self.status = DocumentStatus.ARCHIVED
            case Deleted():
                self.status = DocumentStatus.DELETED
            case Initialized():
                raise ValueError("a document begins once")

    @property
    def is_stored(self) -> bool:
        return self.sha256 is not None and not self.is_deleted

    @property
    def is_deleted(self) -> bool:
        return self.status is DocumentStatus.DELETED

    def store(self, size: int, sha256: str) -> Outcome:
        """The first bytes stay. A job that failed and is tried again may still store them."""
        if self.sha256 is not None or self.is_deleted:
            return ALREADY
        return self.emit(FileUploaded(size=size, sha256=sha256))

    def fail(self, error: str) -> Outcome:
        if self.status is not DocumentStatus.NEW:
            return ALREADY
        return self.emit(UploadFailed(error=error))

    def link(self) -> Outcome:
        """Archived ones too. DocumentNotReady."""
        if not self.is_stored:
            raise DocumentNotReady(self.id)
        return self.emit(DownloadLinkGenerated())

    def archive(self) -> Outcome:
        if self.status in (DocumentStatus.ARCHIVED, DocumentStatus.DELETED):
            return ALREADY
        return self.emit(Archived())

    def delete(self) -> Outcome:
        return ALREADY if self.is_deleted else self.emit(Deleted())
