"""The operator's port: `/metrics`, `/health`, `/health/ready`. Never routed by the gateway, without
authentication.

`/health` says that the process lives. `/health/ready` runs every check, each bounded by `CHECK_SECONDS`, and
answers 503 with the names of those that failed; what failed in detail goes to the log, not to the caller.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import msgspec
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

log = structlog.get_logger()

CHECK_SECONDS = 2.0

ReadinessCheck = Callable[[], Awaitable[None]]
"""Returns when all is well, raises when not."""


async def _passes(name: str, check: ReadinessCheck) -> bool:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check()
    except Exception as error:  # noqa: BLE001 - whatever a check raises means: not ready
        log.warning("not ready", check=name, reason=str(error) or type(error).__name__)
        return False
    return True


def operations_app(registry: CollectorRegistry, checks: Mapping[str, ReadinessCheck]) -> Starlette:
    """An ASGI application for the metrics port."""

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    async def health(_: Request) -> Response:
        return PlainTextResponse("OK")

    async def ready(_: Request) -> Response:
        passed = await asyncio.gather(*(_passes(name, check) for name, check in checks.items()))
        results = {name: "ok" if good else "failed" for name, good in zip(checks, passed, strict=True)}
        body = msgspec.json.encode({"ready": all(passed), "checks": results})
        return Response(body, status_code=200 if all(passed) else 503, media_type="application/json")

    return Starlette(
        routes=[
            Route("/metrics", metrics),
            Route("/health", health),
            Route("/health/ready", ready),
        ]
    )
