"""`make cli` as its user meets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.running import Bank


def test_lana_cli_needs_no_more_than_a_bank_that_runs(tmp_path: Path) -> None:
    bank = Bank(tmp_path / "home", ("postgres",))
    try:
        bank.up()
        said = bank.run("cli", "migrate", "--status")
        assert said.returncode == 0, said.stderr
        assert "pending: lana 0001" in said.stdout
        assert "Usage: lana-cli" in bank.run("cli", "--help").stdout
    finally:
        bank.down()


@pytest.mark.parametrize("command", ["verify", "migrate"])
def test_without_a_bank_that_runs_nothing_is_made(tmp_path: Path, command: str) -> None:
    said = Bank(tmp_path / "home").run("cli", command)
    assert said.returncode == 1
    assert "No bank runs in" in said.stderr
    assert not (tmp_path / "home").exists()


def test_a_commands_own_status_is_handed_on(tmp_path: Path) -> None:
    bank = Bank(tmp_path / "home", ("postgres",))
    try:
        bank.up()
        assert bank.run("cli", "no-such-command").returncode == 2
    finally:
        bank.down()
