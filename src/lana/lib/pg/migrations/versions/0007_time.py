"""time"""

from lana.lib.pg.migrations.run import apply

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    apply("0007_time.sql")
