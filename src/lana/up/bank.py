"""What the bank's own processes are given: the file lana.yml, and secrets by environment."""

import os
import sys
from pathlib import Path

import yaml

from lana.up.config import UpConfig
from lana.up.gateway.oathkeeper import ISSUER
from lana.up.gateway.table import Api, Json, Table
from lana.up.home import Home, Secrets


def lana_yml(config: UpConfig, table: Table, *, oathkeeper: bool) -> str:
    staff, customers = table.api
    ports = config.ports
    content: dict[str, Json] = {
        "admin_server": {
            "port": ports.admin_server,
            "metrics_port": ports.admin_server_metrics,
            "cors_origins": [f"http://{staff.host}:{ports.gateway}"],
            "trust": [_trust(config, staff, oathkeeper=oathkeeper)],
        },
        "customer_server": {
            "port": ports.customer_server,
            "metrics_port": ports.customer_server_metrics,
            "cors_origins": [f"http://{customers.host}:{ports.gateway}"],
            "trust": [_trust(config, customers, oathkeeper=oathkeeper)],
        },
        "worker": {"metrics_port": ports.worker_metrics},
        "time": {"mode": config.time, **({"start_at": config.start_at} if config.start_at else {})},
        "allow_unsigned_webhooks": True,
        "app": {
            "access": {"superuser_email": config.superuser_email},
            "user_onboarding": {"keycloak": _keycloak(config, staff)},
            "customer_sync": {"keycloak": _keycloak(config, customers)},
            "storage": {
                "provider": "local",
                "root_folder": str(config.home / "documents"),
                "server_url": f"http://{staff.host}:{config.ports.gateway}",
                "customer_url": f"http://{customers.host}:{config.ports.gateway}",
            },
        },
    }
    return "# written by `make up` at every start\n" + yaml.safe_dump(content, sort_keys=False)


def bank_environment(config: UpConfig, secrets: Secrets, dsn: str) -> dict[str, str]:
    return {
        **os.environ,
        "PG_CON": dsn,
        "ENCRYPTION_KEY": secrets.encryption_key,
        "STORAGE_SIGNING_SECRET": secrets.storage_signing_secret,
        **keycloak_secrets(secrets),
        "LANA_HOME": str(config.home),
        "LANA_CONFIG": str(config.home / "lana.yml"),
        "PYTHONUNBUFFERED": "1",
    }


def keycloak_secrets(secrets: Secrets) -> dict[str, str]:
    """An existing Keycloak has secrets of its own: the environment's go first."""
    drawn = {
        "KEYCLOAK_ADMIN_CLIENT_SECRET": secrets.keycloak_admin_client_secret,
        "KEYCLOAK_CUSTOMER_CLIENT_SECRET": secrets.keycloak_customer_client_secret,
        "CUSTOMER_PORTAL_CLIENT_SECRET": secrets.customer_portal_client_secret,
    }
    return {name: os.environ.get(name) or secret for name, secret in drawn.items()}


def lana_cli(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).with_name("lana-cli")), *arguments]


def write_bank_files(config: UpConfig, home: Home, table: Table, *, oathkeeper: bool) -> None:
    _ = home.write("lana.yml", lana_yml(config, table, oathkeeper=oathkeeper))


def _trust(config: UpConfig, api: Api, *, oathkeeper: bool) -> Json:
    """One issuer per API, never both, or the gateway could be passed by."""
    if oathkeeper:
        return {
            "issuer": ISSUER,
            "jwks_url": f"http://localhost:{config.ports.gateway_api}/.well-known/jwks.json",
            "audience": api.audience,
            "algorithms": ["ES256"],
            "subject_claim": "subject",
        }
    issuer = f"{config.issuer_base}/realms/{api.realm}"
    return {
        "issuer": issuer,
        "jwks_url": f"{issuer}/protocol/openid-connect/certs",
        "audience": api.audience,
        "algorithms": ["RS256"],
        "subject_claim": "lanaId",
    }


def _keycloak(config: UpConfig, api: Api) -> Json:
    return {"url": config.issuer_base, "client_id": api.service_client, "realm": api.realm}
