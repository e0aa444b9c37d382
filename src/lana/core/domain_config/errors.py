"""What a setting refuses."""

from __future__ import annotations

from lana.lib.errors import Kind, Refusal


class DomainConfigRefusal(Refusal):
    prefix = "DomainConfigError"


class InvalidState(DomainConfigRefusal):
    kind = Kind.VALIDATION
    variant = "Invalid State"
    code = "INVALID_STATE"


class NotAbove(InvalidState):
    """Two settings would stand in the wrong order."""

    def __init__(self, key: str, value: object, other: str, other_value: object) -> None:
        super().__init__(f"{key} ({value}) must be greater than {other} ({other_value})")


class InvalidType(DomainConfigRefusal):
    kind = Kind.VALIDATION
    variant = "Invalid Type"
    code = "INVALID_TYPE"


class InvalidOverride(InvalidType):
    """A value of the environment that its setting does not take: the start fails and names it."""

    def __init__(self, key: str, refusal: DomainConfigRefusal) -> None:
        super().__init__(f"{key}: {refusal.detail}")


class NotExposed(DomainConfigRefusal):
    kind = Kind.VALIDATION

    def __init__(self, key: str) -> None:
        super().__init__(f"Config {key} is not exposed")


class StaleEncryptionKey(DomainConfigRefusal):
    def __init__(self) -> None:
        super().__init__("value was rotated to a newer key")


class NotSet(DomainConfigRefusal):
    def __init__(self, key: str) -> None:
        super().__init__(f"{key} has neither a value nor a default")


class UnknownKey(DomainConfigRefusal):
    kind = Kind.NOT_FOUND

    def __init__(self, key: str) -> None:
        super().__init__(f"no setting is called {key}")


class AlreadySeeded(DomainConfigRefusal):
    """Another process stored the settings first."""


class KeyRegisteredTwice(Exception):
    """A fault of this release: two domains declare one key."""
