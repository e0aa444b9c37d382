"""Whose token is taken, and which are refused with a JSON 401."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import RSAKey

from tests.e2e.gateway import forging
from tests.e2e.gateway.conftest import CUSTOMER, CUSTOMER_ID, STAFF, STAFF_ID, Gateway
from tests.e2e.keycloak import Keycloak
from tests.e2e.running import until

ADMIN, CUSTOMERS = "/admin/graphql", "/customer/graphql"


def refused(answer: httpx.Response) -> None:
    assert answer.status_code == 401, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    assert "error" in answer.json(), "the gateway itself refuses, the server never sees it"


def refused_by_server(answer: httpx.Response) -> None:
    assert answer.status_code == 401, answer.text
    assert "errors" in answer.json()


def test_staff_reach_the_staff_api_as_themselves(gateway: Gateway, staff: str) -> None:
    answer = gateway.call(ADMIN, staff).json()
    assert (answer["server"], answer["subject"]) == ("admin", f"user:{STAFF_ID}")


def test_customers_reach_the_customer_api_as_themselves(gateway: Gateway, customer: str) -> None:
    answer = gateway.call(CUSTOMERS, customer).json()
    assert (answer["server"], answer["subject"]) == ("customer", f"customer:{CUSTOMER_ID}")


def test_server_learns_when_and_how_strongly_the_person_logged_in(gateway: Gateway, staff: str) -> None:
    seen = gateway.call(ADMIN, staff).json()["headers"]["authorization"].removeprefix("Bearer ")
    claims = forging.claims_of(seen)
    assert claims["acr"]
    assert "auth_time" in claims or gateway.kind == "envoy"
    if gateway.kind == "oathkeeper":
        assert claims["iss"] == "lana.bank"
        assert claims["subject"] == STAFF_ID


def test_each_route_trusts_its_own_realm_only(gateway: Gateway, staff: str, customer: str) -> None:
    refused(gateway.call(ADMIN, customer))
    refused(gateway.call(CUSTOMERS, staff))
    refused(gateway.by_host("admin.localhost", token=customer))
    refused(gateway.by_host("app.localhost", token=staff))
    refused(gateway.by_host("app.localhost", "/graphql/stream", token=staff))


@pytest.mark.parametrize("path", [ADMIN, CUSTOMERS, "/admin/graphql/stream", "/customer/graphql/stream"])
def test_nobody_passes_without_a_token(gateway: Gateway, path: str) -> None:
    refused(gateway.call(path))
    for value in ("Bearer", "Bearer garbage", "Bearer a.b.c", "Basic YTpi"):
        refused(gateway.call(path, headers={"Authorization": value}))


def test_token_anywhere_but_in_the_header_is_not_taken(gateway: Gateway, staff: str) -> None:
    refused(gateway.call(f"{ADMIN}?access_token={staff}"))
    refused(gateway.call(ADMIN, headers={"Cookie": f"access_token={staff}"}))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
@pytest.mark.parametrize("signature", [True, False])
def test_unsigned_token_is_refused_in_every_spelling(
    gateway: Gateway, staff: str, algorithm: str, signature: bool
) -> None:
    refused(gateway.call(ADMIN, forging.with_algorithm(staff, algorithm, signature=signature)))


def test_public_key_is_no_shared_secret(gateway: Gateway, staff: str) -> None:
    keys = gateway.http.get(f"{gateway.keycloak.issuer('admin')}/protocol/openid-connect/certs").json()[
        "keys"
    ]
    key = RSAKey.import_key(next(k for k in keys if k["kid"] == forging.header_of(staff)["kid"]))
    pem = key.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    refused(gateway.call(ADMIN, forging.hs256_with_public_key(staff, pem)))


def test_altered_token_is_refused(gateway: Gateway, staff: str) -> None:
    refused(gateway.call(ADMIN, forging.with_other_claims(staff, lanaId=CUSTOMER_ID)))
    refused(gateway.call(ADMIN, staff.rsplit(".", 1)[0] + "."))
    refused(gateway.call(ADMIN, staff.rsplit(".", 1)[0]))


def test_token_signed_by_another_key_is_refused(gateway: Gateway, staff: str) -> None:
    refused(gateway.call(ADMIN, forging.by_own_key(staff)))
    refused(gateway.call(ADMIN, forging.by_own_key(staff, kid="mine")))
    refused(gateway.call(ADMIN, forging.by_own_key(staff, kid="mine", jwk=forging.own_jwk())))
    refused(gateway.call(ADMIN, forging.by_own_key(staff, kid="mine", jku="http://127.0.0.1:1/")))


def test_token_of_this_realm_for_somebody_else_is_refused(gateway: Gateway) -> None:
    keycloak = gateway.keycloak
    refused(gateway.call(ADMIN, keycloak.tokens("admin", STAFF, "other-app")["access_token"]))
    refused(gateway.call(ADMIN, keycloak.tokens("admin", STAFF)["id_token"]))
    refused(gateway.call(ADMIN, keycloak.tokens("admin", STAFF)["refresh_token"]))
    refused(gateway.call(ADMIN, keycloak.service_token("admin")))
    refused(gateway.call(CUSTOMERS, keycloak.service_token("customer")))


@pytest.mark.parametrize("lana_id", [None, "", "root", "{11111111-1111-4111-8111-111111111111}"])
def test_account_without_usable_lana_id_is_nobody(gateway: Gateway, lana_id: str | None) -> None:
    keycloak, email = gateway.keycloak, f"nobody-{abs(hash(lana_id))}@example.com"
    account = keycloak.create_user("admin", email, lana_id)
    refused_by_server(gateway.call(ADMIN, keycloak.login("admin", email)["access_token"]))
    keycloak.admin("DELETE", f"admin/users/{account}")


def test_two_authorization_headers_are_one_person_or_nobody(
    gateway: Gateway, staff: str, customer: str
) -> None:
    headers = [
        ("Host", f"localhost:{gateway.port}"),
        ("Authorization", f"Bearer {staff}"),
        ("Authorization", f"Bearer {customer}"),
    ]
    answer = gateway.http.post(gateway.url + ADMIN, headers=headers, json={})
    assert answer.status_code == 401 or answer.json()["subject"] == f"user:{STAFF_ID}"


def test_expired_token_is_refused(gateway: Gateway) -> None:
    with lifespan(gateway.keycloak, seconds=2):
        token = gateway.keycloak.login("admin", STAFF)["access_token"]
    assert gateway.call(ADMIN, token).status_code == 200
    until(lambda: gateway.call(ADMIN, token).status_code != 200, "the token's end", 20)
    refused(gateway.call(ADMIN, token))


def test_new_signing_key_is_learnt_and_the_old_one_kept(gateway: Gateway, customer: str) -> None:
    keycloak = gateway.keycloak
    with rotated(keycloak, "customer"):
        token = keycloak.login("customer", CUSTOMER)["access_token"]
        assert forging.header_of(token)["kid"] != forging.header_of(customer)["kid"]
        until(lambda: gateway.call(CUSTOMERS, token).status_code == 200, "the new key is known", 60)
        assert gateway.call(CUSTOMERS, customer).status_code == 200


@contextmanager
def lifespan(keycloak: Keycloak, *, seconds: int) -> Iterator[None]:
    """Access tokens of the staff client live this long, within."""
    set_lifespan(keycloak, str(seconds))
    try:
        yield
    finally:
        set_lifespan(keycloak, "")


def set_lifespan(keycloak: Keycloak, value: str) -> None:
    client = keycloak.admin("GET", "admin/clients", params={"clientId": "admin-panel"}).json()[0]
    attributes = {**client["attributes"], "access.token.lifespan": value}
    keycloak.admin("PUT", f"admin/clients/{client['id']}", json={**client, "attributes": attributes})


@contextmanager
def rotated(keycloak: Keycloak, realm: str) -> Iterator[None]:
    """The realm signs with a new key, within."""
    config = {"priority": ["200"], "enabled": ["true"], "active": ["true"], "algorithm": ["RS256"]}
    component = {
        "name": "rotated",
        "parentId": keycloak.admin("GET", realm).json()["id"],
        "providerId": "rsa-generated",
        "providerType": "org.keycloak.keys.KeyProvider",
        "config": config,
    }
    made = keycloak.admin("POST", f"{realm}/components", json=component).headers["location"].rsplit("/", 1)[1]
    try:
        yield
    finally:
        keycloak.admin("DELETE", f"{realm}/components/{made}")
