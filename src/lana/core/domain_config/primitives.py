"""Words of run-time settings."""

from __future__ import annotations

from enum import StrEnum

from lana.lib.authz import Resource

EXPOSED = Resource("domain-config", "exposed-config")
ALL = Resource("domain-config", "all-config")

EXPOSED_READ = EXPOSED.action("read")
EXPOSED_WRITE = EXPOSED.action("write")
ALL_WRITE = ALL.action("write")

ROTATION_ACTOR = "domain-config-key-rotation"


class ConfigType(StrEnum):
    BOOL = "bool"
    STRING = "string"
    INT = "int"
    UINT = "uint"
    DECIMAL = "decimal"
    TIMEZONE = "timezone"
    TIME = "time"
    COMPLEX = "complex"


class Visibility(StrEnum):
    EXPOSED = "exposed"
    INTERNAL = "internal"
