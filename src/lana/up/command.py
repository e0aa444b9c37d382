"""`lana-cli` as the bank that runs here would call it: its configuration, its database, its secrets."""

import subprocess

from lana.up.bank import bank_environment, lana_cli
from lana.up.config import UpConfig
from lana.up.errors import NothingRuns
from lana.up.home import Home
from lana.up.postgres import prepare


def cli(config: UpConfig, arguments: list[str]) -> int:
    """Its exit status. `NothingRuns` when there is no bank to speak of."""
    home = Home(config.home)
    if home.running_state() is None:
        raise NothingRuns(f"No bank runs in {config.home}.", "Start it with `make up`.")
    dsn = config.pg_con or prepare(config.home / "postgres", config.ports.postgres).dsn()
    environment = {"LANA_PASSWORD": config.password} | bank_environment(config, home.secrets(), dsn)
    return subprocess.run(lana_cli(*arguments), env=environment, check=False).returncode
