"""Documents over HTTP: `GET /local-storage/{path}?expires=&sig=`, for whoever holds a signed link."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from lana.core.document import (
    PREFIX,
    BadLink,
    DocumentMissing,
    DocumentNotStored,
    DocumentStore,
    Links,
)

TYPES: Final = {
    ".pdf": "application/pdf",
    ".csv": "text/csv",
    ".txt": "text/plain",
    ".json": "application/json",
    ".xml": "application/xml",
}
OTHER: Final = "application/octet-stream"
# a link is a key: no cache keeps what it opened, no page it leads to learns it, nothing in it runs
HEADERS: Final = {
    "content-disposition": "inline",
    "cache-control": "private, no-store",
    "content-security-policy": "script-src 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}

log = structlog.get_logger()


class Files:
    """An ASGI application."""

    def __init__(self, store: DocumentStore, links: Links) -> None:
        self._store = store
        self._links = links

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._answer(Request(scope))
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return PlainTextResponse("Method not allowed", 405)
        query = request.query_params
        encoded = str(request.scope["path"]).removeprefix(PREFIX)
        try:
            path = self._links.opened(encoded, query.get("expires", ""), query.get("sig", ""))
        except BadLink as error:
            return PlainTextResponse(error.sentence, error.status)
        try:
            content = await self._store.get(path)
        except DocumentMissing:
            return PlainTextResponse("File not found", 404)
        except DocumentNotStored as error:
            log.error("a document cannot be read", reason=str(error))
            return PlainTextResponse("Storage not available", 503)
        kind = TYPES.get(PurePosixPath(path).suffix, OTHER)
        return Response(content, media_type=kind, headers=HEADERS)
