"""Commands that need no database, as a shell sees them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from lana.cli.genxpriv import Network, base58check, master_key
from lana.cli.main import COMMANDS, register, split
from lana.cli.token import Who, _client

CLI = Path(sys.executable).with_name("lana-cli")


def lana(*arguments: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], **environ}
    return subprocess.run(
        [str(CLI), *arguments], cwd=cwd, env=env, capture_output=True, text=True, timeout=120, check=False
    )


def test_common_flags_may_stand_after_the_command() -> None:
    arguments = ["serve", "admin", "-c", "x.yml", "--set=a=1", "--set", "b=2", "--json", "--", "--set"]
    assert split(arguments) == (
        ["-c", "x.yml", "--set=a=1", "--set", "b=2"],
        ["serve", "admin", "--json", "--", "--set"],
    )


def test_every_command_has_a_help_text_with_an_example() -> None:
    import click
    import typer

    group = typer.main.get_command(register(list(COMMANDS)))

    def leaves(command: object) -> list[click.Command]:
        inner = getattr(command, "commands", None)
        return [leaf for one in inner.values() for leaf in leaves(one)] if inner else [command]  # type: ignore[list-item]

    without = [leaf.name for leaf in leaves(group) if "Example" not in (leaf.help or "")]
    assert without == []


def test_generated_key_is_64_hex_characters(tmp_path: Path) -> None:
    key = lana("genencryptionkey", cwd=tmp_path).stdout.strip()
    assert len(bytes.fromhex(key)) == 32


def test_default_configuration_is_accepted_by_the_check(tmp_path: Path) -> None:
    dumped = lana("dump-default-config", cwd=tmp_path)
    assert yaml.safe_load(dumped.stdout)["admin_server"]["port"] == 5253
    (tmp_path / "lana.yml").write_text(dumped.stdout)
    checked = lana("config", "check", "--json", cwd=tmp_path)
    assert (checked.returncode, json.loads(checked.stdout)["valid"]) == (0, True)


def test_every_problem_of_a_configuration_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.yml").write_text("db: {pol: 1}\ncustomer_server: {port: 1, prot: 2}\n")
    checked = lana("config", "check", "-c", "x.yml", cwd=tmp_path)
    assert checked.returncode == 2
    assert checked.stderr.splitlines() == [
        "configuration: unknown key `db.pol`: did you mean `db.pool_size`?",
        "configuration: unknown key `customer_server.prot`: did you mean `customer_server.port`?",
    ]


@pytest.mark.parametrize(
    ("arguments", "environ", "sentence"),
    [
        (["run"], {}, "no database is named"),
        ([], {"PG_CON": "host=/nowhere"}, "no encryption key"),
        (["work"], {"PG_CON": "host=/nowhere", "ENCRYPTION_KEY": "abc"}, "64 hexadecimal characters"),
        (["migrate", "--status"], {"PG_CON": "host=/nowhere dbname=x"}, "PostgreSQL cannot be reached"),
    ],
)
def test_what_is_missing_is_said_without_a_traceback(
    tmp_path: Path, arguments: list[str], environ: dict[str, str], sentence: str
) -> None:
    done = lana(*arguments, cwd=tmp_path, **environ)
    assert done.returncode in (1, 2)
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert "abc" not in done.stderr


def test_private_key_cannot_be_redirected(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(CLI), "genxpriv"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        start_new_session=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "no terminal" in done.stderr


def test_master_key_is_the_one_of_bip_32() -> None:
    # BIP 32, test vector 1
    seed = bytes.fromhex("000102030405060708090a0b0c0d0e0f")
    assert master_key(seed, Network.MAINNET) == (
        "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"
    )
    testnet = master_key(seed, Network.TESTNET4)
    assert testnet is not None
    assert testnet.startswith("tprv")


def test_leading_zeros_survive_base_58() -> None:
    assert base58check(b"\0\0a").startswith("11")


@pytest.mark.parametrize(
    ("environment", "secret"),
    [
        ({"CUSTOMER_PORTAL_CLIENT_SECRET": "drawn"}, "drawn"),
        ({"CUSTOMER_PORTAL_CLIENT_SECRET": "drawn", "LANA_CLIENT_SECRET": "given"}, "given"),
        ({}, None),
    ],
)
def test_a_customers_token_is_asked_for_with_the_portals_secret(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], secret: str | None
) -> None:
    for name in ("CUSTOMER_PORTAL_CLIENT_SECRET", "LANA_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert _client(Who.CUSTOMER).get("client_secret") == secret
    assert "client_secret" not in _client(Who.STAFF)
