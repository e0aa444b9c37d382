"""The ledger's first tables and functions."""

from collections.abc import Sequence

from cala_ledger.migrations import run_sql

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    run_sql("01_tables", "02_guards", "03_post", "04_accounts", "05_members", "06_verify")
