"""Both time axes on entries, reversals, ruled limits, sealed blocks; the functions as they are now."""

from collections.abc import Sequence

from cala_ledger.migrations import replace_functions, run_sql

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    run_sql("tables/0002")
    replace_functions()
