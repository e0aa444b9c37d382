"""The declaration of one setting: `Setting[bool]("allow-manual-conversion", ConfigType.BOOL, False)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

import msgspec

from lana.core.domain_config import values
from lana.core.domain_config.errors import InvalidState
from lana.core.domain_config.primitives import ConfigType, Visibility

T = TypeVar("T")


class Setting(msgspec.Struct, Generic[T], frozen=True):
    """`check` answers what is wrong with a value of the right type, or None. `model` is the class of a
    complex one. `above` is the key of another one: both are whole numbers, and this is always the greater.
    """

    key: str
    type: ConfigType
    default: T | None = None
    encrypted: bool = False
    exposed: bool = True
    check: Callable[[T], str | None] | None = None
    model: type[T] | None = None
    above: str | None = None

    def __post_init__(self) -> None:
        if self.encrypted and self.default is not None:
            raise ValueError(f"{self.key}: an encrypted setting cannot have a default")
        if self.exposed and self.type is ConfigType.COMPLEX:
            raise ValueError(f"{self.key}: a complex setting is internal")

    @property
    def visibility(self) -> Visibility:
        return Visibility.EXPOSED if self.exposed else Visibility.INTERNAL

    def read(self, raw: object) -> T:
        """From plain JSON, as stored or as given. `InvalidType`, `InvalidState`."""
        if raw is None:
            raise InvalidState(f"Expected non-null value for {self.key}")
        value: T = values.read(self.type, raw, self.model)
        wrong = self.check(value) if self.check else None
        if wrong:
            raise InvalidState(wrong)
        return value

    def plain(self, value: T) -> object:
        """To the JSON that is stored and shown."""
        return values.plain(value)

    def checked(self, raw: object) -> object:
        """JSON as given → JSON as stored. `InvalidType`, `InvalidState`."""
        return self.plain(self.read(raw))

    @property
    def plain_default(self) -> object:
        """The default as JSON; None when there is none."""
        return None if self.default is None else self.plain(self.default)


class AnySetting(Protocol):
    """A setting of whatever type."""

    @property
    def key(self) -> str: ...
    @property
    def type(self) -> ConfigType: ...
    @property
    def encrypted(self) -> bool: ...
    @property
    def exposed(self) -> bool: ...
    @property
    def visibility(self) -> Visibility: ...
    @property
    def above(self) -> str | None: ...
    @property
    def plain_default(self) -> object: ...

    def read(self, raw: object) -> object: ...
    def checked(self, raw: object) -> object: ...
