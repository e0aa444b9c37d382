"""credit_request"""

from lana.lib.pg.migrations.run import apply

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    apply("0013_credit_request.sql")
