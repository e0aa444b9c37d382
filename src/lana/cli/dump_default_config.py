"""`lana-cli dump-default-config`"""

from __future__ import annotations

import sys

from lana.lib.config import default_yaml


def dump_default_config() -> None:
    """Print every key of the configuration file with its default; secrets are not part of it.

    Example:

      lana-cli dump-default-config > lana.yml
    """
    sys.stdout.write(default_yaml())
