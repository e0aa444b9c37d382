from __future__ import annotations

import asyncio
from typing import Any

import pytest

from lana.lib.graphql.endpoint import Endpoint
from tests.unit.lib.graphql.conftest import Client
from tests.unit.lib.graphql.example_domain import Domain

ASK = {"query": "{ __typename }"}


async def test_health_and_graphql_answer_ok_without_a_token(client: Client) -> None:
    for path in ("/health", "/graphql"):
        response = await client.http.get(path, headers={"Authorization": ""})
        assert (response.status_code, response.text) == (200, "OK")


async def test_without_a_token_nothing_is_read(client: Client) -> None:
    del client.http.headers["Authorization"]
    response = await client.http.post("/graphql", content=b"not json at all")
    assert (response.status_code, response.text) == (401, "Missing token")


async def test_batches_are_refused(client: Client) -> None:
    response = await client.http.post("/graphql", json=[ASK, ASK])
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "INVALID_BODY"


async def test_a_body_is_json(client: Client) -> None:
    for body in (
        b"",
        b"{",
        b'"text"',
        b"\xff",
        b'{"query": 1}',
        b'{"query": "{a}", "variables": []}',
        b"[" * 9999,
    ):
        response = await client.http.post(
            "/graphql", content=body, headers={"Content-Type": "application/json"}
        )
        assert response.status_code == 400, body
        assert response.json()["errors"][0]["extensions"]["kind"] == "VALIDATION"


async def test_half_a_surrogate_pair_is_refused(client: Client) -> None:
    body = b'{"query": "{a}", "variables": {"a": "\\ud800"}}'
    response = await client.http.post("/graphql", content=body, headers={"Content-Type": "application/json"})
    assert response.json()["errors"][0]["extensions"]["kind"] == "VALIDATION"


async def test_other_content_types_are_refused(client: Client) -> None:
    response = await client.http.post("/graphql", content=b"{}", headers={"Content-Type": "text/plain"})
    assert response.status_code == 415


async def test_a_large_body_is_refused_before_it_is_read(client: Client) -> None:
    body = b'{"query": "' + b" " * 10_000_000 + b'{ __typename }"}'
    response = await client.http.post("/graphql", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 413
    assert response.json()["errors"][0]["extensions"]["code"] == "BODY_TOO_LARGE"


async def test_a_large_body_without_a_length_is_refused_too(client: Client) -> None:
    async def chunks():
        for _ in range(20):
            yield b" " * 100_000

    response = await client.http.post(
        "/graphql", content=chunks(), headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 413


async def test_only_configured_origins_may_read_answers(client: Client) -> None:
    for origin, allowed in (("http://localhost:3001", True), ("http://evil.example", False)):
        response = await client.http.options("/graphql", headers={"Origin": origin})
        assert ("access-control-allow-origin" in response.headers) is allowed
        if allowed:
            assert "idempotency-key" in response.headers["access-control-allow-headers"]


async def test_other_methods_and_paths_are_not_there(client: Client) -> None:
    assert (await client.http.put("/graphql", json=ASK)).status_code == 405
    assert (await client.http.get("/metrics")).status_code == 404


async def test_a_stream_frames_each_answer_and_its_end(client: Client) -> None:
    query = 'subscription { memberJoined(names: ["ann", "bob"]) { name } }'
    response = await client.http.post("/graphql/stream", json={"query": query})
    assert response.headers["content-type"] == "text/event-stream"
    assert response.text == (
        'event: next\ndata: {"data":{"memberJoined":{"name":"ann"}}}\n\n'
        'event: next\ndata: {"data":{"memberJoined":{"name":"bob"}}}\n\n'
        "event: complete\ndata:\n\n"
    )


async def test_a_stream_answers_queries_once(client: Client) -> None:
    response = await client.http.post("/graphql/stream", json=ASK)
    assert response.text == (
        'event: next\ndata: {"data":{"__typename":"Query"}}\n\nevent: complete\ndata:\n\n'
    )


async def test_a_refused_subscription_is_one_frame_with_its_code(client: Client) -> None:
    response = await client.http.post(
        "/graphql/stream", json={"query": "subscription { memberJoined(names: []) { name } }"}
    )
    frames = response.text.split("\n\n")
    assert frames[0].startswith('event: next\ndata: {"data":null,"errors":[{')
    assert '"code":"LAST_MEMBER_CANNOT_LEAVE"' in frames[0]
    assert '"path":["memberJoined"]' in frames[0]
    assert frames[1] == "event: complete\ndata:"


async def test_a_body_that_does_not_arrive_is_given_up(
    endpoint: Endpoint[Domain], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lana.lib.graphql.endpoint.BODY_SECONDS", 0.01)
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", b"Bearer x"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "headers": headers, "client": None}
    await endpoint(scope, receive, send)
    assert sent[0]["status"] == 408
    assert b"BODY_TOO_SLOW" in sent[1]["body"]


async def test_a_client_that_goes_ends_its_stream(endpoint: Endpoint[Domain], domain: Domain) -> None:
    query = b'{"query": "subscription { waiting }"}'
    given = [{"type": "http.request", "body": query}]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        if given:
            return given.pop(0)
        await domain.waiting.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", b"Bearer x"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/graphql/stream", "headers": headers, "client": None}
    await asyncio.wait_for(endpoint(scope, receive, send), 5)
    assert domain.waited == "closed", "the source is told that nobody listens"
    assert sent[0]["headers"][0] == (b"content-type", b"text/event-stream")


async def test_the_client_is_the_one_the_trusted_proxy_saw(client: Client, domain: Domain) -> None:
    await client.ask("{ __typename }", None, **{"X-Forwarded-For": "6.6.6.6, 203.0.113.9"})
    assert domain.commands.contexts[-1].client_address == "203.0.113.9"


async def test_a_server_that_stops_ends_its_streams(endpoint: Endpoint[Domain], domain: Domain) -> None:
    given = [{"type": "http.request", "body": b'{"query": "subscription { waiting }"}'}]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        if not given:
            await asyncio.Event().wait()
        return given.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", b"Bearer x"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/graphql/stream", "headers": headers, "client": None}
    running = asyncio.create_task(endpoint(scope, receive, send))
    await asyncio.wait_for(domain.waiting.wait(), 5)
    endpoint.stop()
    await asyncio.wait_for(running, 5)
    assert sent[-1] == {
        "type": "http.response.body",
        "body": b"event: complete\ndata:\n\n",
        "more_body": False,
    }
    assert domain.waited == "closed"
