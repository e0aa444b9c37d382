"""Schema versions of the ledger. Each revision runs plain SQL files, readable without any tool."""

from importlib.resources import files

from alembic import op


def run_sql(*names: str) -> None:
    """Run the named files of `sql/`, in order, on alembic's connection."""
    cursor = op.get_bind().connection.cursor()
    try:
        for name in names:
            cursor.execute(
                files("cala_ledger.migrations").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
            )
    finally:
        cursor.close()
