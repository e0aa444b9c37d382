"""Run-time settings: declared by the domains, stored as entities, answered from memory."""

from lana.core.domain_config.config.entity import DomainConfig
from lana.core.domain_config.config.repo import DomainConfigRepo
from lana.core.domain_config.errors import KeyRegisteredTwice, NotSet
from lana.core.domain_config.keys import LATER
from lana.core.domain_config.primitives import EXPOSED_READ, EXPOSED_WRITE, ConfigType, Visibility
from lana.core.domain_config.service import DomainConfigs
from lana.core.domain_config.setting import AnySetting, Setting
from lana.core.domain_config.settings import Registry, Settings
from lana.core.domain_config.start import rotate_keys, start_settings

__all__ = [
    "EXPOSED_READ",
    "EXPOSED_WRITE",
    "LATER",
    "AnySetting",
    "ConfigType",
    "DomainConfig",
    "DomainConfigRepo",
    "DomainConfigs",
    "KeyRegisteredTwice",
    "NotSet",
    "Registry",
    "Setting",
    "Settings",
    "Visibility",
    "rotate_keys",
    "start_settings",
]
