"""credit"""

from lana.lib.pg.migrations.run import apply

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    apply("0012_credit.sql")
