"""Oathkeeper's own token, and the plain word when Oathkeeper could not be tried."""

from __future__ import annotations

import json
import time
from typing import Any
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from lana.up.gateway.oathkeeper import ISSUER
from tests.e2e.gateway.conftest import OATHKEEPER, Gateway

ADMIN_AUDIENCE = "https://admin-api/graphql"


def test_oathkeeper_was_tried() -> None:
    if not OATHKEEPER:
        pytest.skip(
            "The gateway's tests ran against Envoy only; for Oathkeeper: "
            "make test-oathkeeper LANA_OATHKEEPER=/path/to/oathkeeper"
        )


@pytest.fixture
def oathkeeper(gateway: Gateway) -> Gateway:
    if gateway.kind != "oathkeeper":
        pytest.skip("this gateway makes no token of its own")
    return gateway


def made(gateway: Gateway, **claims: Any) -> str:
    """A token by Oathkeeper's own key; a claim of None is left out."""
    key = json.loads((gateway.folder / "id_token.jwks.json").read_text())["keys"][0]
    now = int(time.time())
    good = {"iss": ISSUER, "aud": [ADMIN_AUDIENCE], "subject": str(uuid4()), "iat": now, "exp": now + 60}
    wanted = {name: value for name, value in {**good, **claims}.items() if value is not None}
    return jwt.encode({"alg": "ES256", "kid": key["kid"]}, wanted, ECKey.import_key(key))


def straight(gateway: Gateway, token: str, server: str = "admin") -> int:
    url = f"http://127.0.0.1:{gateway.servers[server]}/graphql"
    return httpx.post(url, headers={"Authorization": f"Bearer {token}"}, json={}, trust_env=False).status_code


def test_server_behind_oathkeeper_believes_oathkeeper_alone(oathkeeper: Gateway, staff: str) -> None:
    assert straight(oathkeeper, made(oathkeeper)) == 200
    assert straight(oathkeeper, staff) == 401
    assert straight(oathkeeper, made(oathkeeper), "customer") == 401


@pytest.mark.parametrize(
    "claims",
    [{"iss": "x"}, {"subject": None}, {"subject": ""}, {"subject": "root"}, {"exp": 1}, {"aud": ["x"]}],
)
def test_server_behind_oathkeeper_refuses_what_does_not_fit(
    oathkeeper: Gateway, claims: dict[str, Any]
) -> None:
    assert straight(oathkeeper, made(oathkeeper, **claims)) == 401


def test_oathkeepers_token_does_not_open_the_front_door(oathkeeper: Gateway) -> None:
    assert oathkeeper.call("/admin/graphql", made(oathkeeper)).status_code == 401
