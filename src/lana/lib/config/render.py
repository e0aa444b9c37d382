"""A configuration as YAML, without secrets: for `dump-default-config` and the `appConfig` query."""

from __future__ import annotations

from typing import cast

import msgspec
import yaml

from lana.lib.config.model import NOT_IN_FILE, Config


def to_yaml(config: Config) -> str:
    """The effective configuration in the file's form. Secrets are not part of it."""
    plain = cast("dict[str, object]", msgspec.to_builtins(config, str_keys=True))
    return yaml.safe_dump(
        {key: value for key, value in plain.items() if key not in NOT_IN_FILE},
        sort_keys=False,
        allow_unicode=True,
    )


def default_yaml() -> str:
    """Every key with its default."""
    return to_yaml(Config())
