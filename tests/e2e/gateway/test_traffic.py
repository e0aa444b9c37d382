"""Origins, large bodies, event streams."""

from __future__ import annotations

import time

import httpx
import pytest

from tests.e2e.gateway.conftest import Gateway
from tests.e2e.gateway.echo import EVENT_PAUSE_SECONDS, EVENTS

PANEL_ORIGINS = {"/admin/graphql": "admin_panel", "/customer/graphql": "customer_portal"}
FOREIGN = "http://evil.example"


def preflight(gateway: Gateway, path: str, origin: str) -> httpx.Response:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
    }
    return gateway.call(path, method="OPTIONS", headers=headers)


@pytest.mark.parametrize("path", PANEL_ORIGINS)
def test_panels_own_development_server_may_ask(gateway: Gateway, path: str) -> None:
    origin = gateway.development_origins[path]
    answer = preflight(gateway, path, origin)
    assert answer.status_code in (200, 204)
    assert answer.headers["access-control-allow-origin"] == origin
    assert "idempotency-key" in answer.headers["access-control-allow-headers"].lower()


@pytest.mark.parametrize("path", PANEL_ORIGINS)
def test_foreign_origin_is_told_nothing(gateway: Gateway, path: str) -> None:
    assert "access-control-allow-origin" not in preflight(gateway, path, FOREIGN).headers


def test_answers_and_refusals_carry_the_origin_or_browsers_hide_them(gateway: Gateway, staff: str) -> None:
    origin = gateway.development_origins["/admin/graphql"]
    for token in (staff, None):
        answer = gateway.call("/admin/graphql", token, headers={"Origin": origin})
        assert answer.status_code == (200 if token else 401)
        assert answer.headers["access-control-allow-origin"] == origin


def test_body_of_twenty_megabytes_arrives_whole(gateway: Gateway, staff: str) -> None:
    answer = gateway.call("/admin/graphql", staff, content=b"x" * 20_000_000)
    assert answer.json()["body_bytes"] == 20_000_000


@pytest.mark.parametrize("path", ["/admin/graphql/stream"])
def test_events_arrive_as_they_are_sent(gateway: Gateway, staff: str, path: str) -> None:
    headers = {"Authorization": f"Bearer {staff}", "Host": f"localhost:{gateway.port}"}
    with gateway.http.stream("POST", gateway.url + path, headers=headers, json={}) as answer:
        assert answer.status_code == 200
        arrived = [time.monotonic() for line in answer.iter_lines() if line.startswith("data")]
    assert len(arrived) == EVENTS
    assert arrived[-1] - arrived[0] > EVENT_PAUSE_SECONDS * (EVENTS - 1) * 0.8


def test_forwarded_headers_give_no_identity(gateway: Gateway, staff: str) -> None:
    forged = {
        "X-User": "root",
        "X-Real-Ip": "9.9.9.9",
        "Forwarded": "for=1.1.1.1",
        "X-Forwarded-For": "9.9.9.9",
    }
    with_them = gateway.call("/admin/graphql", staff, headers=forged).json()["subject"]
    assert with_them == gateway.call("/admin/graphql", staff).json()["subject"]
    assert gateway.call("/admin/graphql", headers=forged).status_code == 401
