"""Documents over HTTP: `GET /local-storage/{path}?expires=&sig=`, for whoever holds a signed link."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from lana.core.document import DocumentNotStored, DocumentStore, Links
from lana.core.document.links import PREFIX, BadLink

TYPES: Final = {
    ".pdf": "application/pdf",
    ".csv": "text/csv",
    ".txt": "text/plain",
    ".json": "application/json",
    ".xml": "application/xml",
}
OTHER: Final = "application/octet-stream"


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
        encoded = request.url.path.removeprefix(PREFIX)
        try:
            path = self._links.opened(encoded, query.get("expires", ""), query.get("sig", ""))
        except BadLink as error:
            return PlainTextResponse(error.sentence, error.status)
        try:
            content = await self._store.get(path)
        except DocumentNotStored:
            return PlainTextResponse("File not found", 404)
        kind = TYPES.get(PurePosixPath(path).suffix, OTHER)
        headers = Headers({"content-disposition": "inline", "x-content-type-options": "nosniff"})
        return Response(content, media_type=kind, headers=headers)
