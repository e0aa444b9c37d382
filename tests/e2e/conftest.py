"""One Keycloak for the whole run, shared by all workers; the gateway's tests put their own gateway before it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from filelock import FileLock

from tests.e2e.keycloak import Keycloak
from tests.e2e.running import Bank, shared_directory

IDENTITY_PARTS = ("postgres", "keycloak")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.timeout(900))
            item.add_marker(pytest.mark.xdist_group("e2e"))


@pytest.fixture(scope="session")
def keycloak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keycloak]:
    shared = shared_directory(tmp_path_factory)
    users, ports = shared / "keycloak.users", shared / "keycloak.ports"
    lock = FileLock(shared / "keycloak.lock")
    with lock:
        known = json.loads(ports.read_text()) if ports.exists() else None
        bank = Bank(shared / "identity", IDENTITY_PARTS, known)
        ports.write_text(json.dumps(bank.ports))
        bank.up()
        users.write_text(str(int(users.read_text()) + 1 if users.exists() else 1))
    drawn = json.loads((bank.home / "secrets.json").read_text())
    secrets = {
        "admin-service-account": drawn["keycloak_admin_client_secret"],
        "customer-service-account": drawn["keycloak_customer_client_secret"],
        "customer-portal": drawn["customer_portal_client_secret"],
    }
    with httpx.Client(timeout=30, trust_env=False) as http:
        base = f"http://localhost:{bank.ports['keycloak']}"
        yield Keycloak(base, drawn["keycloak_admin_password"], secrets, http)
    with lock:
        left = int(users.read_text()) - 1
        users.write_text(str(left))
        if left == 0:
            bank.down()
