"""The ledger's first tables, and their guards."""

from collections.abc import Sequence

from cala_ledger.migrations import run_sql

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    run_sql("tables/0001", "functions/guards", "tables/0001_triggers")
