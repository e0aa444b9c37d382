"""The configuration file, the environment and the flags, as one typed value."""

from lana.lib.config.errors import ConfigError
from lana.lib.config.load import domain_config_overrides, read_config
from lana.lib.config.model import Config, ServerConfig, TimeConfig, TimeMode
from lana.lib.config.render import default_yaml, to_yaml
from lana.lib.config.secrets import Secrets

__all__ = [
    "Config",
    "ConfigError",
    "Secrets",
    "ServerConfig",
    "TimeConfig",
    "TimeMode",
    "default_yaml",
    "domain_config_overrides",
    "read_config",
    "to_yaml",
]
