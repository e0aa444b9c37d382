"""Apply one SQL file inside alembic's transaction."""

from __future__ import annotations

from importlib import resources

from alembic import op

FILES = resources.files("lana.lib.pg.migrations") / "sql"


def apply(name: str) -> None:
    """Run a whole file as it stands: no placeholders, several statements."""
    op.get_bind().exec_driver_sql((FILES / name).read_text())
