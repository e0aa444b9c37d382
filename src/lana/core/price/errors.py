"""Refusals about prices."""

from __future__ import annotations

from lana.lib.errors import ConstraintViolation, Kind, Refusal


class NoActiveProviders(Refusal):
    kind = Kind.UNAVAILABLE
    prefix = "PriceProviderError"


class AllProvidersFailed(Refusal):
    kind = Kind.UNAVAILABLE
    prefix = "PriceProviderError"


class PriceStale(Refusal):
    """The price is too old, or there is none: ask again when the next one is accepted."""

    kind = Kind.UNAVAILABLE
    prefix = "PriceError"


class NoPrice(Refusal):
    """No price was ever accepted."""

    kind = Kind.UNAVAILABLE
    prefix = "PriceError"


class InvalidProviderConfig(Refusal):
    """Not exactly one configuration, one of another kind of provider, an empty name, or no price at all."""

    kind = Kind.VALIDATION
    prefix = "PriceProviderError"


class NameTaken(ConstraintViolation):
    """Another provider is called so."""

    variant = "ConstraintViolation"

    def __init__(self, name: str) -> None:
        super().__init__("Name", name, prefix="PriceProviderError")


class WindowTooWide(Refusal):
    """More points than a chart has."""

    kind = Kind.VALIDATION
    prefix = "PriceError"
