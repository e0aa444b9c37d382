"""When the bank's day ends."""

from __future__ import annotations

from datetime import time
from typing import Final
from zoneinfo import ZoneInfo

from lana.core.domain_config import AnySetting, ConfigType, Setting

TIMEZONE: Final = Setting[ZoneInfo]("timezone", ConfigType.TIMEZONE, ZoneInfo("UTC"))
CLOSING_TIME: Final = Setting[time]("closing-time", ConfigType.TIME, time(0))

SETTINGS: Final[tuple[AnySetting, ...]] = (TIMEZONE, CLOSING_TIME)
