"""A provider of prices: a market's feed, or a price that staff set by hand."""

from __future__ import annotations

from typing import ClassVar, Final, Self
from uuid import UUID

import msgspec

from lana.core.price.errors import InvalidProviderConfig
from lana.core.price.primitives import ProviderKind
from lana.lib.es.entity import ALREADY, Entity, Event, Outcome
from lana.lib.money import MOST_CENTS_OF_A_BITCOIN, UsdCents

MAX_NAME: Final = 200


class BitfinexConfig(msgspec.Struct, frozen=True, tag="bitfinex"):
    """What the provider is called."""

    name: str


class ManualPriceConfig(msgspec.Struct, frozen=True, tag="manual-price"):
    """0 is no price."""

    usd_cents_per_btc: UsdCents


ProviderConfig = BitfinexConfig | ManualPriceConfig


class Initialized(Event, frozen=True, tag="initialized"):
    id: UUID
    name: str
    provider: ProviderKind
    config: ProviderConfig
    active: bool


class ConfigUpdated(Event, frozen=True, tag="config_updated"):
    config: ProviderConfig


class Activated(Event, frozen=True, tag="activated"):
    pass


class Deactivated(Event, frozen=True, tag="deactivated"):
    pass


ProviderEvent = Initialized | ConfigUpdated | Activated | Deactivated


class PriceProvider(Entity[ProviderEvent]):
    kind: ClassVar[str] = "price_provider"
    event_types: ClassVar[object] = ProviderEvent

    name: str
    provider: ProviderKind
    config: ProviderConfig
    active: bool

    @classmethod
    def begin(cls, event: ProviderEvent) -> Self:
        assert isinstance(event, Initialized)
        return cls(
            id=event.id,
            name=event.name,
            provider=event.provider,
            config=event.config,
            active=event.active,
        )

    def apply(self, event: ProviderEvent) -> None:
        match event:
            case ConfigUpdated(config=config):
                self.config = config
                if isinstance(config, BitfinexConfig):
                    self.name = config.name
            case Activated():
                self.active = True
            case Deactivated():
                self.active = False
            case Initialized():
                raise ValueError("a provider begins once")

    def update_config(self, config: ProviderConfig) -> Outcome:
        """InvalidProviderConfig for another kind's, a name of nothing, a price below 0 or beyond what a
        bitcoin costs.
        """
        if type(config) is not type(self.config):
            raise InvalidProviderConfig(f"{self.name} is a provider of kind {self.provider}", field="config")
        match config:
            case BitfinexConfig(name=name) if not name.strip() or len(name) > MAX_NAME:
                raise InvalidProviderConfig(f"a name has 1 to {MAX_NAME} characters", field="name")
            case ManualPriceConfig(usd_cents_per_btc=price) if not 0 <= price <= MOST_CENTS_OF_A_BITCOIN:
                raise InvalidProviderConfig(
                    f"a price is 0 to {MOST_CENTS_OF_A_BITCOIN} cents", field="usdCentsPerBtc"
                )
            case _:
                return ALREADY if config == self.config else self.emit(ConfigUpdated(config=config))

    def activate(self) -> Outcome:
        return ALREADY if self.active else self.emit(Activated())

    def deactivate(self) -> Outcome:
        return self.emit(Deactivated()) if self.active else ALREADY

    @property
    def manual_price(self) -> UsdCents | None:
        """What staff set, None for a feed or while it is 0."""
        match self.config:
            case ManualPriceConfig(usd_cents_per_btc=price) if price > 0:
                return price
            case _:
                return None
