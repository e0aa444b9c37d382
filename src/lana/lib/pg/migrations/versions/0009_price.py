"""price"""

from lana.lib.pg.migrations.run import apply

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    apply("0009_price.sql")
