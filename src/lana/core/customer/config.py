"""Run-time settings of the customer domain."""

from __future__ import annotations

from typing import Final

from lana.core.domain_config import ConfigType, Setting

ALLOW_MANUAL_CONVERSION: Final = Setting[bool]("allow-manual-conversion", ConfigType.BOOL, default=False)
