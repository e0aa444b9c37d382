"""Refusals about prices."""

from __future__ import annotations

from lana.lib.errors import Kind, Refusal


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
    """Not exactly one configuration, one of another kind of provider, or a price below 0."""

    kind = Kind.VALIDATION
    prefix = "PriceProviderError"
