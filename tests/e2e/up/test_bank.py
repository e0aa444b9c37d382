"""The whole bank, as `make up` starts it with a PostgreSQL and a Keycloak that run already."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx

from lana.up.config import UpConfig
from tests.e2e.keycloak import Keycloak
from tests.e2e.running import Bank

EXAMPLE = UpConfig(home=Path(), cache=Path())


def ask(bank: Bank, token: str, query: str) -> httpx.Response:
    url = f"http://127.0.0.1:{bank.ports['gateway']}/admin/graphql"
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.post(url, headers=headers, json={"query": query}, trust_env=False, timeout=30)


def superuser(keycloak: Keycloak) -> str:
    answer = keycloak.ask(
        "admin",
        grant_type="password",
        client_id="admin-panel",
        username=EXAMPLE.superuser_email,
        password=EXAMPLE.password,
    )
    return answer.raise_for_status().json()["access_token"]


def test_printed_login_opens_the_bank(bank: Bank, keycloak: Keycloak) -> None:
    answer = ask(bank, superuser(keycloak), "{ me { user { email } } }")
    assert answer.json() == {"data": {"me": {"user": {"email": EXAMPLE.superuser_email}}}}


def test_login_of_the_other_realm_opens_nothing(bank: Bank, keycloak: Keycloak) -> None:
    keycloak.create_user("customer", "outside@example.com", "44444444-4444-4444-8444-444444444444")
    answer = ask(bank, keycloak.token("customer", "outside@example.com"), "{ me { user { email } } }")
    assert answer.status_code == 401


def test_metrics_are_the_operators_and_not_the_gateways(bank: Bank) -> None:
    for name in ("admin_server", "customer_server", "worker"):
        own = f"http://127.0.0.1:{bank.ports[f'{name}_metrics']}/metrics"
        assert httpx.get(own, trust_env=False).status_code == 200
    front = f"http://127.0.0.1:{bank.ports['gateway']}"
    for path in ("/metrics", "/admin/metrics", "/admin/health/ready"):
        assert httpx.get(front + path, trust_env=False).status_code == 404


def test_a_day_of_the_bank_is_played_through_the_gateway(bank: Bank) -> None:
    played = subprocess.run(
        [str(Path(sys.executable).with_name("lana-cli")), "demo"],
        env=bank.environment, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert played.returncode == 0, played.stdout + played.stderr
    assert "The day is over" in played.stdout
