"""access"""

from lana.lib.pg.migrations.run import apply

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    apply("0002_access.sql")
