"""Values of settings between JSON and their types. A timezone is an IANA name, a time `HH:MM:SS`."""

from __future__ import annotations

from datetime import time
from decimal import Decimal, InvalidOperation
from typing import TypeVar, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from lana.core.domain_config.errors import InvalidState, InvalidType
from lana.core.domain_config.primitives import ConfigType

T = TypeVar("T")

INT64_MAX = 2**63 - 1
MAX_TEXT = 65_536


def read(config_type: ConfigType, raw: object, model: type[T] | None) -> T:
    """The typed value. `InvalidType` says what was expected and what came."""
    match config_type:
        case ConfigType.BOOL:
            value: object = _bool(raw)
        case ConfigType.STRING:
            value = _string(raw)
        case ConfigType.INT:
            value = _integer(raw, config_type, -INT64_MAX - 1)
        case ConfigType.UINT:
            value = _integer(raw, config_type, 0)
        case ConfigType.DECIMAL:
            value = _decimal(raw)
        case ConfigType.TIMEZONE:
            value = _zone(raw)
        case ConfigType.TIME:
            value = _time(raw)
        case ConfigType.COMPLEX:
            value = _complex(raw, model)
    return cast("T", value)


def plain(value: object) -> object:
    """JSON of a typed value."""
    match value:
        case Decimal():
            return str(value)
        case ZoneInfo():
            return value.key
        case time():
            return value.isoformat("seconds")
        case _:
            return cast("object", msgspec.to_builtins(value))


def kind_of(raw: object) -> str:
    match raw:
        case None:
            return "null"
        case bool():
            return "bool"
        case int() | float() | Decimal():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _unexpected(wanted: ConfigType, raw: object, shown: bool = False) -> InvalidType:
    return InvalidType(f"Expected {wanted.value}, got {repr(raw)[:80] if shown else kind_of(raw)}")


def _bool(raw: object) -> bool:
    if not isinstance(raw, bool):
        raise _unexpected(ConfigType.BOOL, raw)
    return raw


def _string(raw: object, wanted: ConfigType = ConfigType.STRING) -> str:
    if not isinstance(raw, str):
        raise _unexpected(wanted, raw)
    if "\0" in raw or len(raw) > MAX_TEXT:
        raise InvalidState(f"a text has at most {MAX_TEXT} characters, and none of them is NUL")
    return raw


def _integer(raw: object, wanted: ConfigType, low: int) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool):
        raise _unexpected(wanted, raw)
    if not low <= raw <= INT64_MAX:
        raise _unexpected(wanted, raw, shown=True)
    return raw


def _decimal(raw: object) -> Decimal:
    """A JSON number has reached us as the shortest decimal that names it, which is the
    one that was written.
    """
    if isinstance(raw, bool) or not isinstance(raw, int | float | str | Decimal):
        raise _unexpected(ConfigType.DECIMAL, raw)
    try:
        value = Decimal(str(raw))
    except InvalidOperation as error:
        raise _unexpected(ConfigType.DECIMAL, raw, shown=True) from error
    if not value.is_finite() or abs(value.adjusted()) > 28:
        raise _unexpected(ConfigType.DECIMAL, raw, shown=True)
    return value


def _zone(raw: object) -> ZoneInfo:
    name = _string(raw, ConfigType.TIMEZONE)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise _unexpected(ConfigType.TIMEZONE, raw, shown=True) from error


def _time(raw: object) -> time:
    text = _string(raw, ConfigType.TIME)
    try:
        value = time.fromisoformat(text)
    except ValueError as error:
        raise _unexpected(ConfigType.TIME, raw, shown=True) from error
    if len(text) != len("HH:MM:SS") or value.tzinfo or value.microsecond:
        raise _unexpected(ConfigType.TIME, raw, shown=True)
    return value


def _complex(raw: object, model: type[T] | None) -> object:
    if not isinstance(raw, dict):
        raise _unexpected(ConfigType.COMPLEX, raw)
    if model is None:
        return cast("object", raw)
    try:
        return msgspec.convert(raw, model)
    except msgspec.ValidationError as error:
        raise InvalidType(str(error)) from error
