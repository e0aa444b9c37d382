"""What one bank on this machine is made of: a small file, the environment above it, defaults below."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec
import yaml

from lana.up.errors import WrongConfiguration
from lana.up.gateway.table import CHECKOUT

PARTS = ("postgres", "keycloak", "gateway", "admin-server", "customer-server", "worker")
BANK_PARTS = ("admin-server", "customer-server", "worker")
FILE = "lana-up.yml"
# half the CPU of a start of Keycloak, for a somewhat slower Keycloak afterwards
QUICK_START = "-XX:TieredStopAtLevel=1"


class Ports(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    gateway: int = 4455
    gateway_api: int = 4456
    gateway_metrics: int = 4457
    keycloak: int = 8081
    keycloak_management: int = 9000
    postgres: int = 5450
    admin_server: int = 5253
    customer_server: int = 5254
    admin_server_metrics: int = 9253
    customer_server_metrics: int = 9254
    worker_metrics: int = 9255
    admin_panel: int = 3001
    customer_portal: int = 3002


class UpConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`pg_con`, `keycloak_url` and `oathkeeper` name what exists already and is used instead of our own.

    `oathkeeper` is a binary, the URL of one that runs, or `none` (Envoy even where there is a binary).
    """

    home: Path
    cache: Path
    ports: Ports = Ports()
    parts: tuple[str, ...] = PARTS
    panels: bool = False
    superuser_email: str = "superuser@example.com"
    password: str = "lana-example"  # noqa: S105 - an example login on this machine alone
    time: str = "realtime"
    start_at: str | None = None
    pg_con: str | None = None
    keycloak_url: str | None = None
    oathkeeper: str | None = None
    java_options: str = QUICK_START

    @property
    def issuer_base(self) -> str:
        return (self.keycloak_url or f"http://localhost:{self.ports.keycloak}").rstrip("/")

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    def wants(self, part: str) -> bool:
        return part in self.parts


class _File(msgspec.Struct, forbid_unknown_fields=True):
    home: str | None = None
    cache: str | None = None
    ports: dict[str, int] = {}
    parts: list[str] | None = None
    panels: bool | None = None
    superuser_email: str | None = None
    password: str | None = None
    time: str | None = None
    start_at: str | None = None
    pg_con: str | None = None
    keycloak_url: str | None = None
    oathkeeper: str | None = None
    java_options: str | None = None


ENVIRONMENT = {
    "home": "LANA_HOME", "cache": "LANA_CACHE", "pg_con": "PG_CON", "keycloak_url": "KEYCLOAK_URL",
    "oathkeeper": "LANA_OATHKEEPER", "superuser_email": "LANA_SUPERUSER_EMAIL", "password": "LANA_PASSWORD",
    "time": "LANA_TIME", "start_at": "LANA_START_AT", "java_options": "JAVA_OPTS_APPEND",
}  # fmt: skip


def port_variable(name: str) -> str:
    return f"LANA_PORT_{name.upper()}"


def read_config(environ: Mapping[str, str] = os.environ, *, checkout: Path = CHECKOUT) -> UpConfig:
    """Raises WrongConfiguration, naming the setting."""
    file = Path(environ.get("LANA_UP_CONFIG") or checkout / FILE)
    settings = _read_file(file) if file.exists() else {}
    for name, variable in ENVIRONMENT.items():
        if environ.get(variable):
            settings[name] = environ[variable]
    if environ.get("LANA_PARTS"):
        settings["parts"] = environ["LANA_PARTS"].replace(",", " ").split()
    settings["ports"] = _ports(settings.get("ports", {}), environ)
    home = Path(str(settings.pop("home", checkout / ".lana"))).expanduser().absolute()
    cache = Path(str(settings.pop("cache", default_cache(environ)))).expanduser().absolute()
    config = _convert({**settings, "home": str(home), "cache": str(cache)})
    _check(config)
    return config


def default_cache(environ: Mapping[str, str] = os.environ) -> Path:
    base = environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(environ.get("LANA_CACHE") or Path(base) / "lana")


def _read_file(file: Path) -> dict[str, object]:
    try:
        content = msgspec.convert(yaml.safe_load(file.read_text()) or {}, _File)
    except (msgspec.ValidationError, yaml.YAMLError) as error:
        raise WrongConfiguration(f"{file}: {error}.", "See docs/operate/starting.md for its keys.") from error
    return {key: value for key, value in msgspec.to_builtins(content).items() if value is not None}


def _ports(given: object, environ: Mapping[str, str]) -> dict[str, int]:
    ports = dict(msgspec.convert(given, dict[str, int]))
    for name in Ports.__struct_fields__:
        text = environ.get(port_variable(name))
        if not text:
            continue
        if not text.isdigit():
            raise WrongConfiguration(f"{port_variable(name)} is {text!r}.", "It wants a port number.")
        ports[name] = int(text)
    return ports


def _convert(settings: dict[str, object]) -> UpConfig:
    try:
        return msgspec.convert(settings, UpConfig, dec_hook=lambda _, value: Path(str(value)))
    except msgspec.ValidationError as error:
        raise WrongConfiguration(f"{error}.", "See docs/operate/starting.md for the settings.") from error


def _check(config: UpConfig) -> None:
    for part in config.parts:
        if part not in PARTS:
            raise WrongConfiguration(f"There is no part {part!r}.", f"The parts are {', '.join(PARTS)}.")
    seen: dict[int, str] = {}
    for name in Ports.__struct_fields__:
        port = int(getattr(config.ports, name))
        if not 0 < port < 65536:
            raise WrongConfiguration(f"Port {port} ({name}) does not exist.", "Ports are 1 to 65535.")
        if port in seen:
            raise WrongConfiguration(
                f"{name} and {seen[port]} both want port {port}.", f"Set {port_variable(name)} to another."
            )
        seen[port] = name
    if config.time not in ("realtime", "manual"):
        raise WrongConfiguration(f"time is {config.time!r}.", "It is `realtime` or `manual`.")
