"""foundation"""

from lana.lib.pg.migrations.run import apply

revision = "0001"
down_revision = None


def upgrade() -> None:
    apply("0001_foundation.sql")
