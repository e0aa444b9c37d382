"""custody"""

from lana.lib.pg.migrations.run import apply

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    apply("0010_custody.sql")
