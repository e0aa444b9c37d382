"""customer"""

from lana.lib.pg.migrations.run import apply

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    apply("0004_customer.sql")
