"""Settings of one bank on this machine: file, environment, defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from lana.up.config import PARTS, read_config
from lana.up.errors import WrongConfiguration


def write(folder: Path, text: str) -> None:
    (folder / "lana-up.yml").write_text(text)


def test_defaults_are_the_documented_ports_and_all_parts(tmp_path: Path) -> None:
    config = read_config({"XDG_CACHE_HOME": "/cache"}, checkout=tmp_path)
    ports = config.ports
    assert (ports.gateway, ports.keycloak, ports.admin_server, ports.customer_server) == (
        4455,
        8081,
        5253,
        5254,
    )
    assert (config.parts, config.home, config.cache) == (PARTS, tmp_path / ".lana", Path("/cache/lana"))


def test_environment_goes_before_the_file(tmp_path: Path) -> None:
    write(tmp_path, "home: /from/file\nports: {gateway: 1, keycloak: 2}\ntime: manual\n")
    config = read_config({"LANA_HOME": "/from/environment", "LANA_PORT_GATEWAY": "3"}, checkout=tmp_path)
    assert (str(config.home), config.ports.gateway, config.ports.keycloak) == ("/from/environment", 3, 2)
    assert config.time == "manual"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("prots: {}", "prots"),
        ("ports: {gatewya: 1}", "gatewya"),
        ("ports: {gateway: high}", "int"),
        ("ports: {gateway: 70000}", "70000"),
        ("ports: {gateway: 8081}", "8081"),
        ("parts: [cellar]", "cellar"),
        ("time: tomorrow", "tomorrow"),
        ("home: [", "lana-up.yml"),
    ],
)
def test_wrong_setting_is_named(tmp_path: Path, text: str, named: str) -> None:
    write(tmp_path, text)
    with pytest.raises(WrongConfiguration, match=named):
        read_config({}, checkout=tmp_path)


def test_port_that_is_no_number_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongConfiguration, match="LANA_PORT_KEYCLOAK is 'x'"):
        read_config({"LANA_PORT_KEYCLOAK": "x"}, checkout=tmp_path)
