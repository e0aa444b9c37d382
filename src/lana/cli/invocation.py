"""What every command is given: where the configuration is, and the flags that go over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import msgspec
import typer

from lana.lib.config import Config, ConfigError, read_config
from lana.lib.crypto import Keyring


class Invocation(msgspec.Struct, frozen=True):
    path: Path | None = None
    settings: Sequence[str] = ()
    flags: Mapping[str, str | None] = {}

    def config(self) -> Config:
        """The effective configuration. `ConfigError`."""
        return read_config(self.path, self.settings, None, self.flags)

    def dsn(self) -> str:
        """Where the database is. `ConfigError` when nobody said."""
        dsn = self.config().secrets.pg_con
        if not dsn:
            raise ConfigError(["no database is named: give --pg-con, or set PG_CON"])
        return dsn

    def application_config(self) -> Config:
        """For commands that open the application: database and encryption key are there and valid."""
        config = self.config()
        self.dsn()
        if not config.secrets.encryption_key:
            raise ConfigError(
                [
                    "no encryption key: give --encryption-key, or set ENCRYPTION_KEY"
                    " (`lana-cli genencryptionkey`)"
                ]
            )
        Keyring.parse(config.secrets.encryption_key, config.secrets.deprecated_encryption_key or None)
        return config


def invocation(ctx: typer.Context) -> Invocation:
    return cast("Invocation", ctx.obj)
