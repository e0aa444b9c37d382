from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from lana.lib.authn import AuthError
from lana.lib.authz import Ctx, Subject
from lana.lib.graphql import Limits
from lana.lib.graphql.endpoint import Endpoint, EndpointConfig
from lana.lib.graphql.engine import Engine
from lana.lib.graphql.schema import build
from tests.unit.lib.graphql import example_domain

ALICE = uuid.UUID(int=7)


class Commands:
    """Runs a verb at once and remembers which key it came with."""

    def __init__(self) -> None:
        self.keys: list[str | None] = []
        self.flushed = 0
        self.contexts: list[Ctx] = []

    async def run(self, ctx: Ctx, verb: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        self.keys.append(ctx.idempotency_key)
        return await verb(None, *args, **kwargs)

    async def flush(self, ctx: Ctx) -> None:
        self.flushed += 1
        self.contexts.append(ctx)


class Verifier:
    async def subject(self, authorization: str | None) -> Subject:
        if authorization is None:
            raise AuthError(401, "Missing token")
        return Subject.user(ALICE)


class Client:
    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def post(self, query: str, variables: object = None, /, **headers: str) -> httpx.Response:
        body = {"query": query, "variables": variables}
        return await self.http.post("/graphql", json=body, headers=headers)

    async def ask(self, query: str, variables: object = None, /, **headers: str) -> dict[str, Any]:
        response = await self.post(query, variables, **headers)
        assert response.status_code == 200, response.text
        return response.json()

    async def refused(self, query: str, variables: object = None, /, **headers: str) -> str:
        """The code of the first error."""
        return (await self.ask(query, variables, **headers))["errors"][0]["extensions"]["code"]


@pytest.fixture
def domain() -> example_domain.Domain:
    domain = example_domain.Domain()
    domain.commands = Commands()
    return domain


@pytest.fixture
def limits() -> Limits:
    return Limits()


@pytest.fixture
def endpoint(domain: example_domain.Domain, limits: Limits) -> Endpoint[example_domain.Domain]:
    schema = build(example_domain.Query, example_domain.Mutation, example_domain.Subscription)
    config = EndpointConfig(limits=limits, origins=frozenset({"http://localhost:3001"}))
    return Endpoint(Engine(schema, limits), domain, Verifier(), config)


@pytest.fixture
async def client(endpoint: Endpoint[example_domain.Domain]) -> Any:
    transport = httpx.ASGITransport(app=endpoint)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://bank", headers={"Authorization": "Bearer x"}
    ) as http:
        yield Client(http)
