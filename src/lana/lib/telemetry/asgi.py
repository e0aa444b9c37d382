"""Every HTTP request in a trace and in the metrics.

`Traced` wraps an ASGI application: it joins the caller's trace, opens a span, counts and times the request.
Paths become labels only when they are known beforehand (`paths`); every other one is `other`, so that a scan
makes no new series.
"""

from __future__ import annotations

import time
from collections.abc import Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lana.lib.telemetry.metrics import counter, gauge, histogram
from lana.lib.telemetry.traces import remote, span

REQUESTS = counter("lana_http_requests_total", "HTTP requests answered", ("server", "path", "status"))
SECONDS = histogram(
    "lana_http_request_seconds", "Time from request to the end of its answer", ("server", "path")
)
RUNNING = gauge("lana_http_requests_running", "HTTP requests being answered now", ("server",))

KNOWN = frozenset({"/graphql", "/graphql/stream", "/health"})


class Traced:
    def __init__(self, app: ASGIApp, server: str, paths: Collection[str] = KNOWN) -> None:
        self._app: ASGIApp = app
        self._server: str = server
        self._paths: frozenset[str] = frozenset(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"] if scope["path"] in self._paths else "other"
        status = 500

        async def observe(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
            await send(message)

        headers = {
            k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"] if k in TRACE_HEADERS
        }
        started = time.perf_counter()
        RUNNING.labels(self._server).inc()
        try:
            with remote(headers), span(f"{scope['method']} {path}", server=self._server):
                await self._app(scope, receive, observe)
        finally:
            RUNNING.labels(self._server).dec()
            REQUESTS.labels(self._server, path, str(status)).inc()
            SECONDS.labels(self._server, path).observe(time.perf_counter() - started)


TRACE_HEADERS = frozenset({b"traceparent", b"tracestate"})
