"""One process of the bank: any of the two servers and the workers, from start to graceful stop."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from enum import Flag, auto
from pathlib import Path
from uuid import UUID

import structlog
import uvicorn
from starlette.types import ASGIApp

from lana.app.app import App
from lana.app.opening import open_app
from lana.app.work import working
from lana.lib.authn import Verifier
from lana.lib.authz import Subject
from lana.lib.config import Config
from lana.lib.config.model import ServerConfig
from lana.lib.graphql.endpoint import Endpoint
from lana.lib.memory import settle
from lana.lib.telemetry import REGISTRY, Traced, operations_app

log = structlog.get_logger()

GRACE_SECONDS = 10
KEEP_ALIVE_SECONDS = 75

Create = Callable[[App, Verifier, Config], Endpoint[App]]


class Parts(Flag):
    ADMIN = auto()
    CUSTOMER = auto()
    WORK = auto()


class PortInUse(Exception):
    """Another process listens there."""


class _Server(uvicorn.Server):
    """Signals are the process's business, not each server's."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


async def serve(config: Config, parts: Parts, servers: dict[Parts, Create]) -> None:
    """Until SIGTERM, SIGINT, or until a server ends by itself. `PortInUse` before anything is touched."""
    check_ports(config, parts)
    _write_pid(config)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with open_app(config) as app, AsyncExitStack() as stack:
        running: list[asyncio.Task[None]] = []
        await stack.enter_async_context(app.grants)
        await stack.enter_async_context(app.settings)
        if Parts.WORK in parts:
            await stack.enter_async_context(working(app))
        for part, create in servers.items():
            if part in parts:
                server, name = _config_of(config, part)
                task = await stack.enter_async_context(_serving(app, server, name, create, stop))
                running.append(task)
        if parts is Parts.WORK:
            worker = config.worker
            running.append(
                await stack.enter_async_context(
                    _listening(_operations(app, None), worker.host, worker.metrics_port)
                )
            )
        settle()
        log.info("ready", parts=str(parts))
        waiting = asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait([waiting, *running], return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        waiting.cancel()
        for task in done - {waiting}:
            task.result()


def _config_of(config: Config, part: Parts) -> tuple[ServerConfig, str]:
    return (config.admin_server, "admin") if part is Parts.ADMIN else (config.customer_server, "customer")


@asynccontextmanager
async def _serving(
    app: App, server: ServerConfig, name: str, create: Create, stop: asyncio.Event
) -> AsyncGenerator[asyncio.Task[None]]:
    """One server with its verifier and its operations port."""

    def subject_of(person: UUID) -> Subject:
        return Subject.user(person) if name == "admin" else Subject.customer(person)

    async with Verifier(server.trusted(), subject_of) as verifier:
        endpoint = create(app, verifier, app.config)
        operations = _operations(app, verifier)
        async with (
            _listening(operations, server.host, server.metrics_port),
            _listening(Traced(endpoint, name), server.host, server.port) as task,
        ):
            task.add_done_callback(lambda _: stop.set())
            try:
                yield task
            finally:
                endpoint.stop()


def _operations(app: App, verifier: Verifier | None) -> ASGIApp:
    async def database() -> None:
        await app.db.fetch("select 1")

    async def keys() -> None:
        if verifier is not None and not verifier.ready:
            raise RuntimeError("no issuer's keys are loaded")

    return operations_app(REGISTRY, {"database": database, "keys": keys})


@asynccontextmanager
async def _listening(asgi: ASGIApp, host: str, port: int) -> AsyncGenerator[asyncio.Task[None]]:
    server = _Server(
        uvicorn.Config(
            asgi,
            host=host,
            port=port,
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
    task = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(GRACE_SECONDS):
            while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn says it by an attribute
                await asyncio.sleep(0.01)
        yield task
    finally:
        server.should_exit = True
        await asyncio.gather(task, return_exceptions=True)


def check_ports(config: Config, parts: Parts) -> None:
    """`PortInUse` names the server, the port and the setting."""
    admin, customer = config.admin_server, config.customer_server
    wanted = [
        *([("Admin server", admin.host, admin.port, "admin_server.port")] if Parts.ADMIN in parts else []),
        *(
            [("Customer server", customer.host, customer.port, "customer_server.port")]
            if Parts.CUSTOMER in parts
            else []
        ),
    ]
    for name, host, port, setting in wanted:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise PortInUse(
                    f"{name} port {port} is already in use; stop what listens there or set {setting}"
                ) from error


def _write_pid(config: Config) -> None:
    home = Path(config.lana_home)
    home.mkdir(parents=True, exist_ok=True)
    (home / "server-pid").write_text(str(os.getpid()))
