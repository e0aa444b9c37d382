"""A server's HTTP surface, as a bare ASGI application: `/graphql`, `/graphql/stream`, `/health`, and what is
mounted.

Costs: no framework between the socket and the engine; two messages an answer. Guarantees: a body is read at
most up to its limit, nothing of a request is looked at before its token is good, a GraphQL answer is 200
whatever its errors.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any, Generic, Protocol, TypeVar

import msgspec
import structlog

from lana.lib.authn import AuthError
from lana.lib.authz import Ctx, Subject
from lana.lib.errors import Refusal
from lana.lib.graphql import errors
from lana.lib.graphql.engine import Answer, Engine
from lana.lib.graphql.input import Envelope, read_envelope, read_idempotency_key
from lana.lib.graphql.limits import Limits
from lana.lib.graphql.request import Request
from lana.lib.ids import new_id

log = structlog.get_logger()

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]
Header = tuple[bytes, bytes]
A = TypeVar("A")

ANSWER_TYPE = b"application/graphql-response+json"
JSON_TYPES = (b"application/json", b"application/graphql-response+json")
HEARTBEAT_SECONDS = 15.0
BODY_SECONDS = 30.0
COMPLETE = b"event: complete\ndata:\n\n"
_REQUEST_ID = re.compile(rb"[\x21-\x7e]{1,64}")
_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


class WhoAsks(Protocol):
    """`lana.lib.authn.Verifier`."""

    async def subject(self, authorization: str | None) -> Subject: ...


class EndpointConfig(msgspec.Struct, frozen=True):
    """`origins` may read answers from a browser; behind `trusted_proxies` the forwarded address is the
    client's.
    """

    limits: Limits = Limits()
    origins: frozenset[str] = frozenset()
    trusted_proxies: frozenset[str] = frozenset({"127.0.0.1", "::1"})


class Gone(Exception):
    """The client closed the connection before its request was read."""


class Endpoint(Generic[A]):
    def __init__(
        self,
        engine: Engine[A],
        app: A,
        verifier: WhoAsks,
        config: EndpointConfig,
        *,
        mounted: Mapping[str, Asgi] | None = None,
        lifespan: Callable[[], AbstractAsyncContextManager[object]] | None = None,
    ) -> None:
        self._engine = engine
        self._app = app
        self._verifier = verifier
        self._config = config
        self._mounted = dict(mounted or {})
        self._lifespan = lifespan
        self._streams = 0
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End every open stream, so that a server that stops need not wait for its listeners."""
        self._stopping.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(self._lifespan, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, _with_cors(scope, send, self._config.origins))
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["method"], scope["path"]:
            case "GET" | "HEAD", "/health" | "/graphql":
                await _text(send, 200, "OK")
            case "OPTIONS", _:
                await _send(send, 204, b"", ())
            case "POST", "/graphql" | "/graphql/stream":
                await self._post(scope, receive, send)
            case _, "/graphql" | "/graphql/stream" | "/health":
                await _text(send, 405, "Method not allowed")
            case _, path:
                mounted = next((m for prefix, m in self._mounted.items() if path.startswith(prefix)), None)
                if mounted:
                    await mounted(scope, receive, send)
                else:
                    await _text(send, 404, "Not found")

    async def _post(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: list[Header] = scope["headers"]
        try:
            authorization = _header(headers, b"authorization")
            subject = await self._verifier.subject(authorization.decode("latin-1") if authorization else None)
        except AuthError as error:
            await _text(send, error.status, str(error))
            return
        request_id = _request_id(headers)
        try:
            ctx = self._ctx(scope, subject, request_id)
            envelope = read_envelope(await self._body(headers, receive))
        except Gone:
            return
        except Refusal as refusal:
            told: Answer = {"errors": [errors.of_refusal(refusal, None, request_id)]}
            await _answer(send, _status(refusal), told, request_id)
            return
        request = Request(self._app, ctx)
        if scope["path"] == "/graphql":
            await _answer(send, 200, await self._engine.answer(request, envelope), request_id)
        else:
            await self._stream(request, envelope, receive, send)

    def _ctx(self, scope: Scope, subject: Subject, request_id: str) -> Ctx:
        headers: list[Header] = scope["headers"]
        keys = [value.decode("latin-1") for name, value in headers if name == b"idempotency-key"]
        parent = _header(headers, b"traceparent")
        return Ctx(
            subject=subject,
            request_id=request_id,
            idempotency_key=read_idempotency_key(keys),
            client_address=_client(scope, self._config.trusted_proxies),
            traceparent=parent.decode() if parent and _TRACEPARENT.fullmatch(parent) else None,
        )

    async def _body(self, headers: list[Header], receive: Receive) -> bytes:
        kind = (_header(headers, b"content-type") or b"").partition(b";")[0].strip().lower()
        if kind not in JSON_TYPES:
            raise errors.UnsupportedContentType("a request is sent as application/json")
        limit = self._config.limits.body_bytes
        told = _header(headers, b"content-length")
        if told and told.isdigit() and int(told) > limit:
            raise errors.BodyTooLarge(f"a body has at most {limit} bytes")
        try:
            async with asyncio.timeout(BODY_SECONDS):
                return await _read(receive, limit)
        except TimeoutError:
            raise errors.BodyTooSlow(f"a body arrives within {BODY_SECONDS:g} seconds") from None

    async def _stream(self, request: Request[A], envelope: Envelope, receive: Receive, send: Send) -> None:
        """Server-sent events until the answers end or the client goes."""
        if self._stopping.is_set() or self._streams >= self._config.limits.subscriptions:
            refusal = errors.TooManyStreams("this server takes no more streams now")
            await _answer(send, 503, {"errors": [errors.of_refusal(refusal, request.ctx, "")]}, "")
            return
        self._streams += 1
        try:
            frames = asyncio.create_task(self._frames(request, envelope, send))
            others = [asyncio.create_task(_disconnected(receive)), asyncio.create_task(self._stopping.wait())]
            await asyncio.wait([frames, *others], return_when=asyncio.FIRST_COMPLETED)
            for task in (frames, *others):
                task.cancel()
            results = await asyncio.gather(frames, *others, return_exceptions=True)
            if self._stopping.is_set() and isinstance(results[0], asyncio.CancelledError):
                await _part(send, COMPLETE, last=True)
            if isinstance(results[0], Exception):
                log.error("fault in a stream", request_id=request.ctx.request_id, exc_info=results[0])
        finally:
            self._streams -= 1

    async def _frames(self, request: Request[A], envelope: Envelope, send: Send) -> None:
        headers = [
            (b"content-type", b"text/event-stream"),
            (b"cache-control", b"no-cache"),
            (b"x-request-id", request.ctx.request_id.encode("latin-1")),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async with aclosing(self._engine.answers(request, envelope)) as answers:
            waiting = asyncio.ensure_future(anext(answers, None))
            try:
                while True:
                    done, _ = await asyncio.wait({waiting}, timeout=HEARTBEAT_SECONDS)
                    if not done:
                        await _part(send, b":\n\n")
                        continue
                    answer = waiting.result()
                    if answer is None:
                        break
                    await _part(send, b"event: next\ndata: " + msgspec.json.encode(answer) + b"\n\n")
                    waiting = asyncio.ensure_future(anext(answers, None))
            finally:
                waiting.cancel()
                await asyncio.gather(waiting, return_exceptions=True)
        await _part(send, COMPLETE, last=True)


# --- small pieces of HTTP -----------------------------------------------------------------------------------


def _header(headers: list[Header], wanted: bytes) -> bytes | None:
    return next((value for name, value in headers if name == wanted), None)


def _request_id(headers: list[Header]) -> str:
    given = _header(headers, b"x-request-id")
    return given.decode() if given and _REQUEST_ID.fullmatch(given) else str(new_id())


def _client(scope: Scope, proxies: frozenset[str]) -> str | None:
    """The address that speaks to us, or the one a trusted proxy saw (the last it appended)."""
    client = scope.get("client")
    address: str | None = client[0] if client else None
    if address in proxies:
        forwarded = _header(scope["headers"], b"x-forwarded-for")
        if forwarded:
            return forwarded.decode("latin-1").rpartition(",")[2].strip()[:64] or address
    return address


async def _read(receive: Receive, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise errors.BodyTooLarge(f"a body has at most {limit} bytes")
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def _status(refusal: Refusal) -> int:
    match refusal:
        case errors.BodyTooLarge():
            return 413
        case errors.UnsupportedContentType():
            return 415
        case errors.BodyTooSlow():
            return 408
        case errors.InvalidBody():
            return 400
        case _:
            return 200


async def _answer(send: Send, status: int, answer: Answer, request_id: str) -> None:
    headers = ((b"content-type", ANSWER_TYPE), (b"x-request-id", request_id.encode("latin-1")))
    await _send(send, status, msgspec.json.encode(answer), headers)


async def _text(send: Send, status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await _send(send, status, text.encode(), headers)


async def _send(send: Send, status: int, body: bytes, headers: tuple[Header, ...] | list[Header]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


async def _part(send: Send, body: bytes, *, last: bool = False) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": not last})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _with_cors(scope: Scope, send: Send, origins: frozenset[str]) -> Send:
    """Answers to a configured origin say that it may read them; others get no such word."""
    origin = _header(scope["headers"], b"origin")
    if origin is None or origin.decode("latin-1") not in origins:
        return send
    allowed = [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
        (
            b"access-control-allow-headers",
            b"authorization, content-type, idempotency-key, traceparent, x-request-id",
        ),
        (b"access-control-expose-headers", b"x-request-id"),
        (b"access-control-max-age", b"600"),
        (b"vary", b"Origin"),
    ]

    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *allowed]
        await send(message)

    return sending


async def _live(
    lifespan: Callable[[], AbstractAsyncContextManager[object]] | None, receive: Receive, send: Send
) -> None:
    """The server's start and stop around `lifespan` (opening what the application needs)."""
    await receive()
    context = lifespan() if lifespan else None
    try:
        if context:
            await context.__aenter__()
    except Exception as error:
        await send({"type": "lifespan.startup.failed", "message": str(error)})
        raise
    await send({"type": "lifespan.startup.complete"})
    await receive()
    if context:
        await context.__aexit__(None, None, None)
    await send({"type": "lifespan.shutdown.complete"})
