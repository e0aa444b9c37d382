"""Schema versions of the ledger. Each revision runs plain SQL files, so a reader needs no tool to read them."""

from importlib.resources import files

from alembic import op


def run_sql(*names: str) -> None:
    """Run the named files of `sql/`, in order, on alembic's connection."""
    raw = op.get_bind().connection
    with raw.cursor() as cursor:
        for name in names:
            cursor.execute(files(__package__).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8"))
