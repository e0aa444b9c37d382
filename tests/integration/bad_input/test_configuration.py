"""A process that is configured with what does not exist says so, ends, and has touched nothing."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import conninfo, sql

from tests.conftest import drop_database
from tests.support.processes import CLI, CLOCK

Lana = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def empty_dsn(server: str) -> Iterator[str]:
    """A database without a single table."""
    name = f"empty_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    yield conninfo.make_conninfo(server, dbname=name)
    drop_database(server, name)


@pytest.fixture
def lana(empty_dsn: str, tmp_path: Path) -> Iterator[Lana]:
    def run(*arguments: str, file: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "lana.yml").write_text(file)
        return subprocess.run(
            [str(CLI), *arguments],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "PG_CON": empty_dsn, "ENCRYPTION_KEY": "00" * 32} | environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    yield run
    with psycopg.connect(empty_dsn) as connection:
        made = connection.execute(
            "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')"
        ).fetchone()
    assert made == (0,), "nothing was migrated"


@pytest.mark.parametrize(
    "command", [("run",), ("serve", "admin"), ("work",), ("migrate",), ("config", "check")]
)
def test_an_unknown_key_in_the_file_stops_every_command(lana: Lana, command: tuple[str, ...]) -> None:
    done = lana(*command, file="admin_server: {prot: 5253}\nfoo: 1\n")
    assert done.returncode not in {0, None}
    assert "unknown key `admin_server.prot`: did you mean `admin_server.port`?" in done.stderr
    assert "unknown key `foo`" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "file", "sentence"),
    [
        (("--set", "db.pool=5"), "", "unknown key `db.pool`"),
        (("--set", "nonsense"), "", "KEY=VALUE"),
        ((), "db: {pool_size: 0}", "`db.pool_size`"),
        ((), "db: {pool_size: many}", "`db.pool_size`"),
        ((), "admin_server: {port: 70000}", "`admin_server.port`"),
        ((), "time: {mode: sundial}", "time.mode"),
        ((), "db: {pool_size: 1, pool_size: 2}", "given twice"),
        ((), "- a list", "no mapping"),
        ((), "a: [", "lana.yml"),
        ((), "\x00", "lana.yml"),
        (("--encryption-key", "short"), "", "key"),
        (("--encryption-key", "zz" * 32), "", "key"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_configuration_that_cannot_be_is_named_in_a_sentence(
    lana: Lana, arguments: tuple[str, ...], file: str, sentence: str
) -> None:
    done = lana(*arguments, "work", file=file)
    assert done.returncode not in {0, None}
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_is_not_there_is_named_in_a_sentence(lana: Lana) -> None:
    done = lana("--pg-con", "postgresql://lana@127.0.0.1:1/lana", "work")
    assert done.returncode not in {0, None}
    assert "127.0.0.1" in done.stderr
    assert "Traceback" not in done.stderr


EVENTS = "select (select count(*) from lana.events), (select count(*) from lana.outbox)"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("LANA_DOMAIN_CONFIG_SUMSUB_API_KEY", "12345", "sumsub-api-key"),
        ("LANA_DOMAIN_CONFIG_CLOSING_TIME", "noon", "closing-time"),
        ("LANA_DOMAIN_CONFIG_TIMEZONE", '"Mars/Olympus"', "timezone"),
    ],
)
def test_a_setting_that_cannot_be_stops_the_start_and_changes_none(
    bank_dsn: str, tmp_path: Path, name: str, value: str, sentence: str
) -> None:
    with psycopg.connect(bank_dsn, autocommit=True) as connection:
        before = connection.execute(EVENTS).fetchone()
        done = subprocess.run(
            [str(CLI), *CLOCK, "work"],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "PG_CON": bank_dsn, "ENCRYPTION_KEY": "00" * 32, name: value},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode not in {0, None}
        assert sentence in done.stderr
        assert connection.execute(EVENTS).fetchone() == before
