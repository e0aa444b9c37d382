"""The smallest servers behind the gateway: they verify as the bank's own do, and say what they saw."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from lana.lib.authn import AuthError, Trust, Verifier
from lana.lib.authz import Subject

EVENTS = 5
EVENT_PAUSE_SECONDS = 0.2


def api(name: str, trust: Trust, subject_of: Callable[[UUID], Subject]) -> Starlette:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with Verifier([trust], subject_of) as verifier:
            app.state.verifier = verifier
            yield

    async def subject(request: Request) -> str | Response:
        try:
            return str(await request.app.state.verifier.subject(request.headers.get("authorization")))
        except AuthError as error:
            return JSONResponse({"errors": [{"message": error.text}]}, error.status)

    async def graphql(request: Request) -> Response:
        who = await subject(request)
        if isinstance(who, Response):
            return who
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
        seen = {
            "subject": who,
            "method": request.method,
            "body_bytes": size,
            "headers": dict(request.headers),
        }
        return JSONResponse({"server": name, "path": request.url.path, **seen})

    async def stream(request: Request) -> Response:
        who = await subject(request)
        if isinstance(who, Response):
            return who

        async def events() -> AsyncIterator[str]:
            for number in range(EVENTS):
                yield f"event: next\ndata: {number} {who}\n\n"
                await asyncio.sleep(EVENT_PAUSE_SECONDS)

        return StreamingResponse(events(), media_type="text/event-stream")

    async def public(request: Request) -> Response:
        size = len(await request.body())
        seen = {"query": request.url.query, "body_bytes": size}
        return JSONResponse({"server": name, "path": request.url.path, **seen})

    async def health(_: Request) -> Response:
        return JSONResponse({"server": name, "status": "ok"})

    return Starlette(
        routes=[
            Route("/graphql", graphql, methods=["GET", "POST"]),
            Route("/graphql/stream", stream, methods=["GET", "POST"]),
            Route("/webhook/{rest:path}", public, methods=["POST"]),
            Route("/local-storage/{rest:path}", public),
            Route("/health", health),
        ],
        lifespan=lifespan,
    )


def panel(name: str) -> Starlette:
    async def everything(request: Request) -> Response:
        return JSONResponse({"panel": name, "path": request.url.path})

    return Starlette(routes=[Route("/{rest:path}", everything)])
