"""Bring a database to this release: the ledger's schema first, then the bank's.

Guarantees: everything pending of one history is applied in one transaction, or nothing; two processes that
migrate at the same moment wait for each other (advisory lock). Alembic keeps the version in
`lana.alembic_version`.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import procrastinate
import psycopg
import sqlalchemy
from alembic.command import upgrade
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import cala_ledger
from lana.lib.pg.migrations.run import run_file

LOCK = 5461
SEARCH_PATH = "lana,public"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


@contextmanager
def _connection(dsn: str) -> Generator[sqlalchemy.Connection]:
    def connect() -> psycopg.Connection:
        return psycopg.connect(dsn, options=f"-c search_path={SEARCH_PATH}", connect_timeout=10)

    engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=connect, poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        yield connection


def pending(dsn: str) -> list[str]:
    """Migrations not yet applied, oldest first: `cala 0001 …`, `lana 0001 …`."""
    script = ScriptDirectory.from_config(_config())
    with _connection(dsn) as connection:
        context = MigrationContext.configure(connection, opts={"version_table_schema": "lana"})
        schema = connection.exec_driver_sql("select to_regnamespace('lana') is not null").scalar()
        current = context.get_current_revision() if schema else None
    todo = list(script.iterate_revisions("head", current or "base"))
    ours = [f"lana {revision.revision} {revision.doc}" for revision in reversed(todo)]
    return [*(f"cala {name}" for name in cala_ledger.pending(dsn)), *ours]


def pending_sql(dsn: str) -> str:
    """The SQL that `migrate` would run for the bank's own pending migrations (a dry run)."""
    files = resources.files("lana.lib.pg.migrations") / "sql"
    names = sorted(entry.name for entry in files.iterdir())
    waiting = {line.split()[1] for line in pending(dsn) if line.startswith("lana ")}
    return "\n".join(f"-- {n}\n{(files / n).read_text()}" for n in names if n.split("_")[0] in waiting)


def migrate(dsn: str) -> list[str]:
    """Apply everything pending; answers what was applied."""
    with _connection(dsn) as connection:
        connection.exec_driver_sql(f"select pg_advisory_lock({LOCK})")
        connection.commit()
        try:
            applied = pending(dsn)
            cala_ledger.migrate(dsn)
            connection.exec_driver_sql("create schema if not exists lana")
            _jobs_schema(connection)
            connection.commit()
            config = _config()
            config.attributes["connection"] = connection
            upgrade(config, "head")
            connection.commit()
        finally:
            connection.rollback()
            connection.exec_driver_sql(f"select pg_advisory_unlock({LOCK})")
    return applied


def _jobs_schema(connection: sqlalchemy.Connection) -> None:
    """Procrastinate's tables, from its own release; they live in Lana's schema."""
    if connection.exec_driver_sql("select to_regclass('lana.procrastinate_jobs') is not null").scalar():
        return
    schema = Path(procrastinate.__file__).parent / "sql" / "schema.sql"
    run_file(connection, schema.read_text())
