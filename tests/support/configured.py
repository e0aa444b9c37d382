"""Run-time settings over a database of the test's own, as one process of the bank holds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lana.app.declared import SETTINGS
from lana.core.domain_config import AnySetting, DomainConfigs, Registry, Settings, start_settings
from lana.core.domain_config.config.repo import DomainConfigRepo
from lana.lib.authz import Authorizer
from lana.lib.crypto import Keyring
from lana.lib.es.commands import Commands
from lana.lib.pg.database import Database

OLD_KEY: Final = "00" * 32
NEW_KEY: Final = "11" * 32
DECLARED: Final[tuple[AnySetting, ...]] = SETTINGS


class Configured:
    def __init__(
        self, db: Database, keyring: Keyring | None = None, declared: Sequence[AnySetting] = DECLARED
    ) -> None:
        keys = keyring or Keyring.parse(OLD_KEY)
        registry = Registry(declared)
        repo = DomainConfigRepo(db)
        self.authz = Authorizer()
        self.configs = DomainConfigs(repo, self.authz, keys, registry)
        self.settings = Settings(repo, keys, registry)

    async def start(self, commands: Commands, overrides: Sequence[tuple[str, object]] = ()) -> None:
        await start_settings(commands, self.configs, self.settings, overrides)
