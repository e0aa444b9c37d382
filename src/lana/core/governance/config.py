"""Run-time settings of governance."""

from __future__ import annotations

from typing import Final

from lana.core.domain_config import ConfigType, Setting

# read only when a policy is first created
ALLOW_AUTO_APPROVAL: Final = Setting[bool]("allow-auto-approval", ConfigType.BOOL, default=True)
