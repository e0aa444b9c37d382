"""terms"""

from lana.lib.pg.migrations.run import apply

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    apply("0008_terms.sql")
