"""Work on documents outside a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final, Protocol
from uuid import UUID

from lana.lib.es.op import DeferredJob

REMOVE_FILE: Final = "document.remove-file"


def remove_file(document_id: UUID) -> DeferredJob:
    return DeferredJob(REMOVE_FILE, {"document_id": str(document_id)})


class Removes(Protocol):
    """`Documents`."""

    async def remove_file_of(self, document_id: UUID) -> None: ...


class RemoveFile:
    """The bytes of a deleted document, gone. Idempotent; default retries."""

    name: ClassVar[str] = REMOVE_FILE

    def __init__(self, documents: Removes) -> None:
        self._documents = documents

    async def run(self, args: Mapping[str, object]) -> None:
        await self._documents.remove_file_of(UUID(str(args["document_id"])))
