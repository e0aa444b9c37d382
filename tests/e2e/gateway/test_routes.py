"""What is reached by which host and path, and what never is."""

from __future__ import annotations

import socket
from http.client import BadStatusLine, HTTPResponse
from typing import NamedTuple

import pytest

from tests.e2e.gateway.conftest import CUSTOMER_ID, STAFF_ID, Gateway

MIB = 2**20
# every one of these would reach GraphQL if one side read the path otherwise than the other
PATHS = [
    "/admin/health/../graphql", "/admin/health/..%2fgraphql", "/admin/health%2f..%2fgraphql",
    "//admin/graphql", "/admin//graphql", "/admin/graphql/", "/ADMIN/graphql", "/admin/./graphql",
    "/admin/graphql;x=/admin/health", "/admin/graphql?a=/admin/health", "/admin/graphql%00/admin/health",
    "/admin/health#/../graphql", "/admin/health\\..\\graphql", "/customer/health/../../admin/graphql",
    "http://localhost/admin/health/../graphql", "http://x/admin/health@/admin/graphql",
    "/admin/%67raphql", "/x/http://localhost/admin/health", "/admin/healthx", "/admin/health/x",
]  # fmt: skip
HOST_PATHS = [
    "/webhook/../graphql", "/webhook/..%2fgraphql", "/local-storage/../graphql",
    "/local-storage/%2e%2e/graphql", "//graphql", "/./graphql", "/%67raphql", "/graphql;x=/webhook/",
    "/x/..//graphql",
]  # fmt: skip
HOSTS = ["evil.example", "localhost:1/admin/health?", "a@b", "localhost:1#"]
LOOK_ALIKES = [
    "admin.localhost.evil.example",
    "xadmin.localhost",
    "admin.localhost@evil.example",
    "localhost",
]
ESCAPES = [
    "/customer/../admin/graphql", "/customer/graphql/../../admin/graphql",
    "/customer/graphql%2f..%2f..%2fadmin/graphql", "/customer/..%2fadmin/graphql",
]  # fmt: skip


class Answer(NamedTuple):
    """Status 0: the connection was closed without a word."""

    status: int
    text: str


def raw(gateway: Gateway, path: str, host: str, *headers: str) -> Answer:
    """A request as typed: no library puts its path right."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Connection: close", *headers, "", ""]
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as connection:
        connection.sendall("\r\n".join(lines).encode())
        answer = HTTPResponse(connection)
        try:
            answer.begin()
            return Answer(answer.status, answer.read().decode())
        except (BadStatusLine, ConnectionError):
            return Answer(0, "")


@pytest.mark.parametrize("path", PATHS)
def test_no_spelling_of_a_path_reaches_graphql_without_a_token(gateway: Gateway, path: str) -> None:
    answer = raw(gateway, path, f"localhost:{gateway.port}")
    assert '"subject"' not in answer.text
    assert answer.status != 200


@pytest.mark.parametrize("path", HOST_PATHS)
def test_no_spelling_on_the_staff_host_reaches_graphql_without_a_token(gateway: Gateway, path: str) -> None:
    assert '"subject"' not in raw(gateway, path, f"admin.localhost:{gateway.port}").text


@pytest.mark.parametrize("host", HOSTS)
def test_no_foreign_host_is_served(gateway: Gateway, host: str) -> None:
    assert raw(gateway, "/admin/graphql", host).status != 200


@pytest.mark.parametrize("host", LOOK_ALIKES)
def test_look_alike_of_the_staff_host_is_nobody_even_with_a_good_token(
    gateway: Gateway, staff: str, host: str
) -> None:
    answer = raw(gateway, "/graphql", host, f"Authorization: Bearer {staff}")
    assert '"subject"' not in answer.text
    assert answer.status != 200


@pytest.mark.parametrize("path", ESCAPES)
def test_customer_reaches_the_staff_server_by_no_spelling(gateway: Gateway, customer: str, path: str) -> None:
    answer = raw(gateway, path, f"localhost:{gateway.port}", f"Authorization: Bearer {customer}")
    assert '"server":"admin"' not in answer.text


def test_each_host_reaches_its_server(gateway: Gateway, staff: str, customer: str) -> None:
    seen = gateway.by_host("admin.localhost", token=staff).json()
    assert (seen["server"], seen["subject"], seen["path"]) == ("admin", f"user:{STAFF_ID}", "/graphql")
    seen = gateway.by_host("app.localhost", token=customer).json()
    assert (seen["server"], seen["subject"], seen["path"]) == (
        "customer",
        f"customer:{CUSTOMER_ID}",
        "/graphql",
    )


@pytest.mark.parametrize(
    ("host", "panel"), [("admin.localhost", "admin_panel"), ("app.localhost", "customer_portal")]
)
@pytest.mark.parametrize("path", ["/", "/customers/1", "/admin/graphql", "/healthy", "/api/config"])
def test_everything_else_on_a_host_is_its_panels(gateway: Gateway, host: str, panel: str, path: str) -> None:
    answer = gateway.by_host(host, path, method="GET")
    assert answer.json() == {"panel": panel, "path": path}


@pytest.mark.parametrize("host", ["admin.localhost", "app.localhost"])
@pytest.mark.parametrize(
    "path",
    ["/graphql/", "/graphqlx", "/graphql/stream/x", "/webhookx", "/local-storagex", "/health", "/health/x"],
)
def test_what_begins_like_an_api_path_never_reaches_a_panel(
    gateway: Gateway, staff: str, host: str, path: str
) -> None:
    answer = gateway.by_host(host, path, staff)
    assert answer.status_code == 404
    assert "panel" not in answer.json()


def test_webhooks_and_file_links_need_no_token(gateway: Gateway) -> None:
    seen = gateway.by_host("admin.localhost", "/webhook/custodian/x").json()
    assert (seen["server"], seen["path"]) == ("admin", "/webhook/custodian/x")
    seen = gateway.by_host("admin.localhost", "/local-storage/abc?expires=1&sig=00", method="GET").json()
    assert (seen["server"], seen["query"]) == ("admin", "expires=1&sig=00")
    seen = gateway.by_host("app.localhost", "/local-storage/abc?expires=1&sig=00", method="GET").json()
    assert (seen["server"], seen["query"]) == ("customer", "expires=1&sig=00")


def test_webhooks_are_the_staff_hosts_alone(gateway: Gateway) -> None:
    assert gateway.by_host("admin.localhost", "/webhook/custodian/x", method="GET").status_code == 404
    assert gateway.by_host("app.localhost", "/webhook/custodian/x").status_code == 404
    assert gateway.by_host("app.localhost", "/local-storage/abc").status_code == 404


def test_webhook_of_eleven_megabytes_is_refused(gateway: Gateway) -> None:
    if gateway.kind == "oathkeeper":
        pytest.skip("Oathkeeper has no limit for bodies; the server's own is tested with the server")
    answer = gateway.by_host("admin.localhost", "/webhook/custodian/x", content=b"x" * 11 * MIB)
    assert answer.status_code == 413


def test_health_is_public_and_carries_no_credentials(gateway: Gateway) -> None:
    assert gateway.call("/admin/health", method="GET").json() == {"server": "admin", "status": "ok"}
    assert gateway.call("/customer/health", method="GET").json() == {"server": "customer", "status": "ok"}


@pytest.mark.parametrize(
    "path", ["/", "/nothing", "/metrics", "/admin/metrics", "/health/ready", "/admin/health/ready"]
)
def test_unknown_paths_and_metrics_are_not_routed(gateway: Gateway, path: str) -> None:
    assert gateway.call(path, method="GET").status_code == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_not_routed(gateway: Gateway, staff: str, method: str) -> None:
    assert gateway.call("/admin/graphql", staff, method=method).status_code in (404, 405)
