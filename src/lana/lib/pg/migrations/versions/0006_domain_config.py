"""domain config"""

from lana.lib.pg.migrations.run import apply

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    apply("0006_domain_config.sql")
