"""A document: asked for, then stored or failed; archived or deleted by staff."""

from __future__ import annotations

from typing import ClassVar, Self
from uuid import UUID

from lana.core.document.primitives import DocumentKind, DocumentStatus
from lana.lib.es.entity import ALREADY, Entity, Event, Outcome


class Initialized(Event, frozen=True, tag="initialized"):
    id: UUID
    document_type: DocumentKind
    filename: str
    content_type: str
    reference_id: UUID
    path: str


class Stored(Event, frozen=True, tag="stored"):
    """`sha256` in lower-case hex."""

    size: int
    sha256: str


class Failed(Event, frozen=True, tag="failed"):
    error: str


DocumentEvent = Initialized | Stored | Failed


class Document(Entity[DocumentEvent]):
    """Once stored its bytes never change: its hash is what others rely on."""

    kind: ClassVar[str] = "document"
    event_types: ClassVar[object] = DocumentEvent

    document_type: DocumentKind
    filename: str
    content_type: str
    reference_id: UUID
    path: str
    status: DocumentStatus = DocumentStatus.NEW
    size: int | None = None
    sha256: str | None = None

    @classmethod
    def begin(cls, event: DocumentEvent) -> Self:
        assert isinstance(event, Initialized)
        return cls(
            id=event.id,
            document_type=event.document_type,
            filename=event.filename,
            content_type=event.content_type,
            reference_id=event.reference_id,
            path=event.path,
        )

    def apply(self, event: DocumentEvent) -> None:
        match event:
            case Stored():
                self.status = DocumentStatus.ACTIVE
                self.size = event.size
                self.sha256 = event.sha256
            case Failed():
                self.status = DocumentStatus.FAILED
            case Initialized():
                raise ValueError("a document begins once")

    @property
    def is_stored(self) -> bool:
        return self.status is DocumentStatus.ACTIVE

    def store(self, size: int, sha256: str) -> Outcome:
        if self.sha256 is not None:
            return ALREADY
        return self.emit(Stored(size=size, sha256=sha256))

    def fail(self, error: str) -> Outcome:
        """A job that is tried again may still store it."""
        if self.status is not DocumentStatus.NEW:
            return ALREADY
        return self.emit(Failed(error=error))
