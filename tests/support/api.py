"""A client of either server, spoken to as ASGI: the token names the subject."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec

from lana.lib.authn import AuthError
from lana.lib.authz import Subject


class TrustingVerifier:
    """`Bearer user:<uuid>` is that subject: tokens themselves are tested where they are verified."""

    async def subject(self, authorization: str | None) -> Subject:
        if authorization is None:
            raise AuthError(401, "Missing token")
        return Subject.parse(authorization.removeprefix("Bearer "))


class Refused(Exception):
    def __init__(self, error: dict[str, Any]) -> None:
        self.error = error
        self.code: str = error.get("extensions", {}).get("code", "")
        self.kind: str = error.get("extensions", {}).get("kind", "")
        super().__init__(error["message"])


class EventStream:
    """`POST /graphql/stream` over bare ASGI, because a client that waits for the whole answer would wait for ever."""

    def __init__(self, asgi: Any, subject: str, body: dict[str, object]) -> None:
        self._asgi = asgi
        self._scope = {
            "type": "http",
            "method": "POST",
            "path": "/graphql/stream",
            "headers": [
                (b"authorization", f"Bearer {subject}".encode()),
                (b"content-type", b"application/json"),
            ],
            "client": ("127.0.0.1", 1),
        }
        self._body = msgspec.json.encode(body)
        self._frames: asyncio.Queue[bytes] = asyncio.Queue(1000)
        self._read = False
        self._gone = asyncio.Event()

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._asgi(self._scope, self._receive, self._send))

    async def __aexit__(self, *_: object) -> None:
        self._gone.set()
        await asyncio.wait_for(self._task, 10)

    async def next(self, seconds: float = 15.0) -> dict[str, Any]:
        """The next answer."""
        while True:
            frame = await asyncio.wait_for(self._frames.get(), seconds)
            if frame.startswith(b"event: next"):
                return msgspec.json.decode(frame.partition(b"data: ")[2])

    @property
    def quiet(self) -> bool:
        return self._frames.empty()

    async def _receive(self) -> dict[str, Any]:
        if self._read:
            await self._gone.wait()
            return {"type": "http.disconnect"}
        self._read = True
        return {"type": "http.request", "body": self._body}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.body":
            await self._frames.put(message["body"])


class ApiClient:
    """One subject at one server."""

    def __init__(self, asgi: Any, subject: Subject) -> None:
        self.subject = subject
        self._asgi = asgi
        self._http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=asgi),
            base_url="http://bank",
            headers={"Authorization": f"Bearer {subject}"},
        )

    async def answer(self, query: str, variables: object = None, **headers: str) -> dict[str, Any]:
        """The whole GraphQL answer, errors and all."""
        body = {"query": query, "variables": variables}
        response = await self._http.post("/graphql", json=body, headers=headers)
        assert response.status_code == 200, response.text
        return response.json()

    async def post(self, content: bytes, **headers: str) -> httpx.Response:
        """A body as it is, declared to be JSON unless the headers say otherwise."""
        return await self._http.post(
            "/graphql", content=content, headers={"Content-Type": "application/json"} | headers
        )

    async def ask(self, query: str, **variables: object) -> dict[str, Any]:
        """The data; `Refused` for the first error."""
        answer = await self.answer(query, variables)
        if answer.get("errors"):
            raise Refused(answer["errors"][0])
        return answer["data"]

    async def do(self, mutation: str, payload: str, **fields: object) -> Any:
        """`mutation(input: {fields})`; the payload."""
        name = mutation[0].upper() + mutation[1:]
        document = f"mutation ($input: {name}Input!) {{ {mutation}(input: $input) {{ {payload} }} }}"
        return (await self.ask(document, input=fields))[mutation]

    @asynccontextmanager
    async def listening(self, query: str, variables: object = None) -> AsyncIterator[EventStream]:
        """A stream that stays open until the block is left."""
        stream = EventStream(self._asgi, str(self.subject), {"query": query, "variables": variables})
        async with stream:
            yield stream

    async def stream(self, query: str, variables: object = None) -> str:
        """All frames of a stream that ends by itself."""
        response = await self._http.post("/graphql/stream", json={"query": query, "variables": variables})
        return response.text
