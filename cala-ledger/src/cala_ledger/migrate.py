"""Bring a database to this version's schema.

Migrations run in one transaction under an advisory lock, so that two processes starting together migrate
once.
"""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

_LOCK = 7166741041000


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


@contextmanager
def _connected(dsn: str) -> Generator[Connection, None, None]:
    def connect() -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(dsn)

    engine = create_engine("postgresql+psycopg://", creator=connect, poolclass=NullPool)
    with engine.begin() as connection:
        yield connection


def _pending(connection: Connection) -> tuple[str, ...]:
    options = {"version_table": "alembic_version", "version_table_schema": "cala"}
    current = MigrationContext.configure(connection, opts=options).get_current_revision()
    revisions = ScriptDirectory.from_config(_config()).iterate_revisions("head", current or "base")
    return tuple(reversed([revision.revision for revision in revisions]))


def pending(dsn: str) -> tuple[str, ...]:
    """Revisions that `migrate` would run on this database, oldest first; empty when it is up to date."""
    with _connected(dsn) as connection:
        return _pending(connection)


def migrate(dsn: str) -> tuple[str, ...]:
    """Create or upgrade schema `cala`; answers the revisions it ran, oldest first."""
    with _connected(dsn) as connection:
        connection.exec_driver_sql(f"select pg_advisory_xact_lock({_LOCK})")
        connection.exec_driver_sql("create schema if not exists cala")
        todo = _pending(connection)
        config = _config()
        config.attributes["connection"] = connection
        if todo:
            command.upgrade(config, "head")
        return todo
