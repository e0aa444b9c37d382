"""Envoy always, Oathkeeper when LANA_OATHKEEPER names a binary; both before the same echoing servers."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from yaml import safe_load

from lana.lib.authn import Trust
from lana.lib.authz import Subject
from lana.up import plan
from lana.up.bank import lana_yml
from lana.up.config import Ports, UpConfig, default_cache
from lana.up.gateway.table import read_table
from tests.e2e.gateway import echo
from tests.e2e.keycloak import Keycloak
from tests.e2e.running import free_ports, served, until

STAFF = "staff-1@example.com"
STAFF_ID = "11111111-1111-4111-8111-111111111111"
CUSTOMER = "customer-1@example.com"
CUSTOMER_ID = "22222222-2222-4222-8222-222222222221"
OATHKEEPER = os.environ.get("LANA_OATHKEEPER")


@dataclass
class Gateway:
    kind: str
    port: int
    servers: dict[str, int]
    development_origins: dict[str, str]
    keycloak: Keycloak
    http: httpx.Client
    folder: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def call(self, path: str, token: str | None = None, **arguments: Any) -> httpx.Response:
        """By path on localhost; a POST with a small query unless said otherwise."""
        return self.by_host("localhost", path, token, **arguments)

    def by_host(
        self, host: str, path: str = "/graphql", token: str | None = None, **arguments: Any
    ) -> httpx.Response:
        """By the Host header, since Python resolves no *.localhost everywhere."""
        headers = {"Host": f"{host}:{self.port}", **arguments.pop("headers", {})}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        method = arguments.pop("method", "POST")
        if method == "POST" and "content" not in arguments:
            arguments["json"] = {"query": "{ me { id } }"}
        return self.http.request(method, self.url + path, headers=headers, **arguments)


@pytest.fixture(scope="session", params=["envoy", *(["oathkeeper"] if OATHKEEPER else [])])
def gateway(
    request: pytest.FixtureRequest, keycloak: Keycloak, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    keycloak.create_user("admin", STAFF, STAFF_ID)
    keycloak.create_user("customer", CUSTOMER, CUSTOMER_ID)
    keycloak.create_client("admin", "other-app")
    home = tmp_path_factory.mktemp(request.param)
    names = Ports.__struct_fields__
    config = UpConfig(
        home=home,
        cache=default_cache(),
        ports=Ports(**dict(zip(names, free_ports(len(names)), strict=True))),
        panels=True,
        keycloak_url=keycloak.base,
        oathkeeper=OATHKEEPER if request.param == "oathkeeper" else "none",
    )
    part = plan.gateway_part(config, read_table(), plan.oathkeeper_binary(config))
    with ExitStack() as stack:
        log = stack.enter_context((home / "gateway.log").open("ab"))
        process = stack.enter_context(
            subprocess.Popen(part.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=part.cwd)
        )
        stack.callback(process.terminate)
        until(lambda: asyncio.run(part.ready()), f"{request.param} ready ({home}/gateway.log)")
        serve(stack, config, oathkeeper=request.param == "oathkeeper")
        http = stack.enter_context(httpx.Client(timeout=30, trust_env=False))
        servers = {"admin": config.ports.admin_server, "customer": config.ports.customer_server}
        origins = {
            f"{api.path}/graphql": plan.site(config).development_origin(api) for api in read_table().api
        }
        running = Gateway(request.param, config.ports.gateway, servers, origins, keycloak, http, part.cwd)
        until(
            lambda: running.call("/admin/graphql", keycloak.token("admin", STAFF)).status_code == 200,
            "the gateway and the server have Keycloak's keys",
        )
        yield running


def serve(stack: ExitStack, config: UpConfig, *, oathkeeper: bool) -> None:
    """The echoing servers, with the trust lists that `make up` would write for the bank."""
    written = safe_load(lana_yml(config, read_table(), oathkeeper=oathkeeper))
    for name, subject_of, port in (
        ("admin", Subject.user, config.ports.admin_server),
        ("customer", Subject.customer, config.ports.customer_server),
    ):
        trust = msgspec.convert(written[f"{name}_server"]["trust"][0], Trust)
        stack.enter_context(served(echo.api(name, trust, subject_of), port))
    for name in ("admin_panel", "customer_portal"):
        stack.enter_context(served(echo.panel(name), getattr(config.ports, name)))


@pytest.fixture
def staff(gateway: Gateway) -> str:
    return gateway.keycloak.token("admin", STAFF)


@pytest.fixture
def customer(gateway: Gateway) -> str:
    return gateway.keycloak.token("customer", CUSTOMER)
