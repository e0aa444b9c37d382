"""A custodian: a provider that holds bitcoin, and how it is reached."""

from __future__ import annotations

from typing import ClassVar, Self
from uuid import UUID

import msgspec

from lana.core.custody.custodian.errors import ProviderCannotChange, StaleEncryptionKey
from lana.core.custody.port import CustodianConfig, Settings
from lana.lib.crypto import Keyring, Sealed
from lana.lib.es.entity import ALREADY, Entity, Event, Outcome


class Initialized(Event, frozen=True, tag="initialized"):
    id: UUID
    name: str
    provider: str


class ConfigUpdated(Event, frozen=True, tag="config_updated"):
    encrypted_custodian_config: Sealed


CustodianEvent = Initialized | ConfigUpdated


class Custodian(Entity[CustodianEvent]):
    """Its settings are write-only, sealed for this custodian alone; its name and provider never change."""

    kind: ClassVar[str] = "custodian"
    event_types: ClassVar[object] = CustodianEvent

    name: str
    provider: str
    config: Sealed | None = None

    @classmethod
    def begin(cls, event: CustodianEvent) -> Self:
        assert isinstance(event, Initialized)
        return cls(id=event.id, name=event.name, provider=event.provider)

    def apply(self, event: CustodianEvent) -> None:
        match event:
            case ConfigUpdated():
                self.config = event.encrypted_custodian_config
            case Initialized():
                raise ValueError("a custodian begins once")

    def settings(self, keyring: Keyring) -> Settings:
        """StaleEncryptionKey."""
        return msgspec.json.decode(self._opened(keyring), type=dict[str, object])

    def update_config(self, config: CustodianConfig, keyring: Keyring) -> Outcome:
        """ProviderCannotChange, StaleEncryptionKey. The settings it has, stored again, are no event."""
        if config.provider != self.provider:
            raise ProviderCannotChange(f"{self.provider} to {config.provider}")
        plain = config.encode()
        if self.config and self._opened(keyring) == plain:
            return ALREADY
        return self.emit(ConfigUpdated(encrypted_custodian_config=keyring.seal(plain, self._place)))

    def rotate(self, keyring: Keyring) -> Outcome:
        """Seal the settings under the current key, where they are not."""
        if self.config is None or keyring.is_current(self.config):
            return ALREADY
        resealed = keyring.reseal(self.config, self._place)
        return self.emit(ConfigUpdated(encrypted_custodian_config=resealed))

    @property
    def _place(self) -> str:
        return f"custodian:{self.id}"

    def _opened(self, keyring: Keyring) -> bytes:
        if self.config is None or not keyring.holds(self.config):
            raise StaleEncryptionKey(self.id)
        return keyring.open(self.config, self._place)
