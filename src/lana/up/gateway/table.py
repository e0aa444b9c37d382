"""The route table and the places its names stand for."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec

CHECKOUT = Path(__file__).resolve().parents[4]
TABLE_FILE = CHECKOUT / "gateway" / "routes.toml"

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"


class Open(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A public route. `max_bytes` limits the request body."""

    prefix: str
    method: str
    max_bytes: int | None = None


class Api(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One realm, its API and its panel."""

    realm: str
    display: str
    host: str
    path: str
    upstream: str
    audience: str
    client: str
    client_is_public: bool
    service_client: str
    service_secret: str
    panel: str
    panel_port: int
    client_secret: str | None = None
    open: tuple[Open, ...] = ()


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    graphql_paths: tuple[str, ...]
    reserved_prefixes: tuple[str, ...]
    reserved_paths: tuple[str, ...]
    allowed_headers: tuple[str, ...]
    api: tuple[Api, ...]


class Place(msgspec.Struct, frozen=True):
    host: str
    port: int
    tls: bool = False

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """Where one installation's parts are.

    `issuer_base` is what tokens say; `keycloak` is where the gateway fetches keys. A panel that is not
    in `places` does not exist yet: its host answers 404 with a sentence.
    """

    issuer_base: str
    keycloak: Place
    listen: Place
    api: Place
    metrics: Place
    places: dict[str, Place]
    hosts: dict[str, str]
    signing_keys: str = "id_token.jwks.json"
    development: bool = False

    def host(self, api: Api) -> str:
        return self.hosts.get(api.realm, api.host)

    def issuer(self, api: Api) -> str:
        return f"{self.issuer_base}/realms/{api.realm}"

    def keys_url(self, api: Api) -> str:
        return f"{self.keycloak.url}/realms/{api.realm}/protocol/openid-connect/certs"

    def development_origin(self, api: Api) -> str:
        return (
            f"http://localhost:{self.places[api.panel].port if api.panel in self.places else api.panel_port}"
        )


def read_table(path: Path = TABLE_FILE) -> Table:
    return msgspec.convert(tomllib.loads(path.read_text()), Table)


def local_site(*, panels: bool = False, ports: dict[str, int] | None = None) -> Site:
    """This machine; `ports` replaces the default port of a part."""
    at = {
        "gateway": 4455, "gateway-api": 4456, "gateway-metrics": 4457, "keycloak": 8081,
        "admin-server": 5253, "customer-server": 5254, "admin-panel": 3001, "customer-portal": 3002,
        **(ports or {}),
    }  # fmt: skip
    names = ["admin-server", "customer-server", *(["admin-panel", "customer-portal"] if panels else [])]
    return Site(
        issuer_base=f"http://localhost:{at['keycloak']}",
        keycloak=Place("localhost", at["keycloak"]),
        listen=Place("127.0.0.1", at["gateway"]),
        api=Place("127.0.0.1", at["gateway-api"]),
        metrics=Place("127.0.0.1", at["gateway-metrics"]),
        places={name: Place("127.0.0.1", at[name]) for name in names},
        hosts={},
        development=True,
    )
