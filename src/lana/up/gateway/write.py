"""The files, as text: what is checked in, and what one home gets."""

import json
from pathlib import Path

import yaml

from lana.up.gateway.envoy import envoy
from lana.up.gateway.oathkeeper import oathkeeper, rules
from lana.up.gateway.realms import realms
from lana.up.gateway.table import CHECKOUT, Place, Site, Table, local_site, read_table

HEAD = "# written by `make gateway` from gateway/routes.toml\n"
KEYCLOAK_IN_CONTAINER = Place("keycloak", 8080)


def envoy_files(table: Table, site: Site) -> dict[str, str]:
    return {"envoy.json": json.dumps(envoy(table, site), indent=1) + "\n"}


def oathkeeper_files(table: Table, site: Site) -> dict[str, str]:
    return {
        "oathkeeper.yml": HEAD + _yaml(oathkeeper(table, site)),
        "rules.yml": HEAD + _yaml(rules(table, site)),
    }


def realm_files(table: Table, site: Site) -> dict[str, str]:
    return {
        f"{name}-realm.json": json.dumps(content, indent=2) + "\n"
        for name, content in realms(table, site).items()
    }


class _Dumper(yaml.SafeDumper):
    """Without anchors, and with texts of several lines as blocks, so that people can read the file."""

    def ignore_aliases(self, data: object) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride]
        return True


def _block(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _block)


def _yaml(content: object) -> str:
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, width=110)


def container_site(domain: str = "bank.example") -> Site:
    """The compose file's network, behind a proxy that ends TLS for the domain's hosts."""
    everywhere = "0.0.0.0"  # noqa: S104 - in a container, whose network decides
    return Site(
        issuer_base=f"https://login.{domain}",
        keycloak=KEYCLOAK_IN_CONTAINER,
        listen=Place(everywhere, 4455),
        api=Place(everywhere, 4456),
        metrics=Place(everywhere, 4457),
        places={
            "admin-server": Place("admin-server", 5253),
            "customer-server": Place("customer-server", 5254),
        },
        hosts={"admin": f"admin.{domain}", "customer": f"app.{domain}"},
    )


def installation(table: Table, site: Site) -> dict[str, dict[str, str]]:
    """What the containers mount: folder → file → content."""
    return {"oathkeeper": oathkeeper_files(table, site), "keycloak": realm_files(table, site)}


def checked_in() -> dict[Path, str]:
    """Every generated file of the project: path → content."""
    table, here, there = read_table(), local_site(), container_site()
    folders = {
        CHECKOUT / "gateway/envoy": envoy_files(table, here),
        CHECKOUT / "gateway/oathkeeper": oathkeeper_files(table, here),
        CHECKOUT / "gateway/keycloak": realm_files(table, here),
        **{CHECKOUT / "deploy/gateway" / name: files for name, files in installation(table, there).items()},
    }
    return {folder / name: text for folder, files in folders.items() for name, text in files.items()}


def write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
