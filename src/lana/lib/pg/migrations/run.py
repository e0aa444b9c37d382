"""Run one SQL file inside alembic's transaction."""

from __future__ import annotations

from importlib import resources
from typing import cast

import psycopg
import sqlalchemy
from alembic import op

FILES = resources.files("lana.lib.pg.migrations") / "sql"


def run_file(connection: sqlalchemy.Connection, text: str) -> None:
    """Run a whole file as it stands: several statements, no placeholders (so `%` is only a character)."""
    driver = cast("psycopg.Connection", connection.connection.driver_connection)
    driver.execute(text.encode())


def apply(name: str) -> None:
    """Apply one migration of `sql/`."""
    run_file(op.get_bind(), (FILES / name).read_text())
