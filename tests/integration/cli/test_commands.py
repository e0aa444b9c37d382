"""Commands of an operator against a real database, as a shell sees them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.support import portfolio

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


def test_what_an_end_of_day_went_past_is_shown_with_its_reason(
    lana: Lana, db_started: None, dsn: str
) -> None:
    with psycopg.connect(dsn, autocommit=True, options="-c search_path=lana") as connection:
        connection.execute(
            "insert into end_of_day_runs (day, closing_time, timezone, state, attempts)"
            " values ('2026-01-16', '2026-01-16T00:00:00Z', 'UTC', 'completed', 1)"
        )
        connection.execute(
            "insert into end_of_day_steps (day, step, position, state, done, failed, completed_at)"
            " values ('2026-01-16', 'interest-accruals', 2, 'completed', 41, 1, clock_timestamp())"
        )
        connection.execute(
            "insert into end_of_day_failures (day, step, item, error)"
            " values ('2026-01-16', 'interest-accruals', 'cycle 7', 'the account is locked')"
        )
    shown = lana("end-of-day", "status")
    assert shown.returncode == 0, "a loan left for the next run is no failed run"
    assert all(word in shown.stdout for word in ("41", "cycle 7", "the account is locked"))
    told = json.dumps(answer(lana("end-of-day", "status", "--json")))
    assert '"error": "the account is locked"' in told
    assert lana("end-of-day", "run").stdout == "1 runs completed\n"
    (run,) = answer(lana("end-of-day", "status", "--json"))
    assert (run["attempts"], run["failures"]) == (2, []), "tried again, it was done"


def test_what_failed_for_good_is_shown_and_can_be_tried_again(lana: Lana, db_started: None, dsn: str) -> None:
    assert answer(lana("stuck", "list", "--json")) == {"events": [], "jobs": []}
    with psycopg.connect(dsn, autocommit=True, options="-c search_path=lana") as connection:
        connection.execute(
            "insert into procrastinate_jobs (id, queue_name, task_name, status, attempts)"
            " values (7001, 'default', 'access.sync-keycloak-user', 'failed', 30)"
        )
        connection.execute(
            "insert into failed_jobs (job_id, name, args, error)"
            " values (7001, 'access.sync-keycloak-user', '{}', 'ConnectError()')"
        )
        connection.execute(
            "insert into parked_events (processor, sequence, entity, error, attempts)"
            " values ('user-onboarding', 1, 'x', 'ValueError()', 5)"
        )
        listed = lana("stuck", "list", COLUMNS="200")
        assert listed.returncode == 1
        assert "access.sync-keycloak-user" in listed.stdout
        assert "user-onboarding" in listed.stdout

        assert lana("stuck", "retry", "7001").returncode == 0
        job = connection.execute("select status::text, attempts from procrastinate_jobs where id = 7001")
        assert job.fetchone() == ("todo", 0)
        again = lana("stuck", "retry", "7001")
        assert (again.returncode, "no failed job has the number 7001" in again.stderr) == (1, True)

        unknown = lana("stuck", "replay", "nobody")
        assert (unknown.returncode, "user-onboarding" in unknown.stderr) == (1, True)
        assert lana("stuck", "list", "--json").returncode == 1


def test_the_portfolio_is_shown_at_other_prices(lana: Lana, db_lent: None) -> None:
    asked = ("stress", str(portfolio.LOW), str(portfolio.HIGH), "--steps", str(portfolio.STEPS))
    shown = answer(lana(*asked, "--json"))
    assert isinstance(shown, list)
    terms = shown[0]["terms"]
    rows = [(terms, price, 3, *rest) for price, *rest in portfolio.OUTLOOK]
    assert [tuple(each.values()) for each in shown] == rows
    assert list(shown[0]) == [
        *("terms", "price, cents", "facilities", "fully", "margin call", "liquidation", "no collateral"),
        *("no exposure", "satoshis to sell", "cents returned", "cents short"),
    ]
    table = lana(*asked).stdout.splitlines()
    assert [cell.strip() for cell in table[3].strip("│").split("│")] == [str(cell) for cell in rows[0]]
