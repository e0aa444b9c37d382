"""One Keycloak for the whole run, shared by all workers, and one bank."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from filelock import FileLock

from lana.up.config import BANK_PARTS
from tests.e2e.keycloak import Keycloak
from tests.e2e.running import Bank, shared_directory

IDENTITY_PARTS = ("postgres", "keycloak")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.timeout(900))


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


@pytest.fixture(scope="session")
def bank(keycloak: Keycloak, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    """The whole bank behind Envoy, with the PostgreSQL and the Keycloak that run already."""
    shared = shared_directory(tmp_path_factory)
    users, ports = shared / "bank.users", shared / "bank.ports"
    lock = FileLock(shared / "bank.lock")
    with lock:
        known = json.loads(ports.read_text()) if ports.exists() else None
        bank = Bank(shared / "bank", ("gateway", *BANK_PARTS), known)
        ports.write_text(json.dumps(bank.ports))
        bank.environment |= existing(keycloak, shared)
        bank.up()
        users.write_text(str(int(users.read_text()) + 1 if users.exists() else 1))
    yield bank
    with lock:
        left = int(users.read_text()) - 1
        users.write_text(str(left))
        if left == 0:
            bank.down()


def existing(keycloak: Keycloak, shared: Path) -> dict[str, str]:
    password = (shared / "identity" / "postgres" / "lana.password").read_text()
    port = json.loads((shared / "keycloak.ports").read_text())["postgres"]
    return {
        "PG_CON": f"postgresql://lana:{password}@127.0.0.1:{port}/lana",
        "KEYCLOAK_URL": keycloak.base,
        "KEYCLOAK_ADMIN_CLIENT_SECRET": keycloak.secrets["admin-service-account"],
        "KEYCLOAK_CUSTOMER_CLIENT_SECRET": keycloak.secrets["customer-service-account"],
        "CUSTOMER_PORTAL_CLIENT_SECRET": keycloak.secrets["customer-portal"],
    }
