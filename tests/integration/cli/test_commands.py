"""Commands of an operator against a real database, as a shell sees them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

CLI = Path(sys.executable).with_name("lana-cli")
KEY, NEW_KEY = "00" * 32, "11" * 32

Lana = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def lana(dsn: str, tmp_path: Path) -> Lana:
    def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        base = {"PATH": os.environ["PATH"], "PG_CON": dsn, "ENCRYPTION_KEY": KEY}
        return subprocess.run(
            [str(CLI), *arguments],
            cwd=tmp_path,
            env=base | environ,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    return run


def answer(done: subprocess.CompletedProcess[str]) -> object:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_migrated_database_has_nothing_pending(lana: Lana) -> None:
    assert answer(lana("migrate", "--status", "--json")) == {"pending": []}
    assert lana("migrate", "--dry-run").stdout == ""


def test_settings_are_set_listed_and_rotated(lana: Lana, db_started: None) -> None:
    assert "timezone is set" in lana("setting", "set", "timezone", "America/El_Salvador").stdout
    assert "already" in lana("setting", "set", "timezone", '"America/El_Salvador"').stdout
    refused = lana("setting", "set", "closing-time", "noon")
    assert (refused.returncode, "Expected time, got 'noon'" in refused.stderr) == (1, True)
    assert lana("setting", "set", "sumsub-api-key", '"hunter2"').returncode == 0

    rows = answer(lana("setting", "list", "--json"))
    assert isinstance(rows, list)
    values = {row["key"]: (row["set"], row["value"]) for row in rows}
    assert values["timezone"] == (True, "America/El_Salvador")
    assert values["sumsub-api-key"] == (True, None)

    rotate = ("keys", "rotate", "--json")
    changed = {"ENCRYPTION_KEY": NEW_KEY, "DEPRECATED_ENCRYPTION_KEY": KEY}
    assert answer(lana(*rotate, **changed)) == {"rotated": 1}
    assert answer(lana(*rotate, **changed)) == {"rotated": 0}


def test_stored_bank_is_verified_and_its_states_rebuilt(lana: Lana, db_started: None) -> None:
    findings = answer(lana("verify", "--json"))
    assert isinstance(findings, list)
    assert all(found["violations"] == [] for found in findings)
    unknown = lana("replay", "--kind", "dragon")
    assert (unknown.returncode, "no kind is called dragon" in unknown.stderr) == (1, True)
    rebuilt = answer(lana("replay", "--kind", "domain_config", "--json"))
    assert rebuilt == [{"kind": "domain_config", "looked at": 20, "changed": 0}]


def test_end_of_day_is_run_and_shown(lana: Lana, db_started: None) -> None:
    assert lana("end-of-day", "run").stdout == "0 runs completed\n"
    assert answer(lana("end-of-day", "status", "--json")) == []
