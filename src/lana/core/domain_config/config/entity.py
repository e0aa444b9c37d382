"""One run-time setting."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

import msgspec

from lana.core.domain_config.errors import StaleEncryptionKey
from lana.core.domain_config.primitives import ConfigType, Visibility
from lana.lib.crypto import Keyring, Sealed, UnknownEncryptionKey
from lana.lib.es.entity import ALREADY, Entity, Event, Outcome


class Plain(msgspec.Struct, frozen=True, tag="plain"):
    value: object


class Encrypted(msgspec.Struct, frozen=True, tag="encrypted"):
    ciphertext: bytes
    nonce: bytes
    key_id: str

    @property
    def sealed(self) -> Sealed:
        return Sealed(self.ciphertext, self.nonce, self.key_id)

    @classmethod
    def of(cls, sealed: Sealed) -> Encrypted:
        return cls(sealed.ciphertext, sealed.nonce, sealed.key_id)


StoredValue = Plain | Encrypted


class Initialized(Event, frozen=True, tag="initialized"):
    id: UUID
    key: str
    config_type: ConfigType
    visibility: Visibility
    encrypted: bool
    default_value: StoredValue | None


class Updated(Event, frozen=True, tag="updated"):
    value: StoredValue


class KeyRotated(Event, frozen=True, tag="key_rotated"):
    value: StoredValue


DomainConfigEvent = Initialized | Updated | KeyRotated


class DomainConfig(Entity[DomainConfigEvent], kw_only=True):
    """A setting and its stored value; once set it is never cleared."""

    kind: ClassVar[str] = "domain_config"
    event_types: ClassVar[object] = DomainConfigEvent

    key: str
    config_type: ConfigType
    visibility: Visibility
    encrypted: bool
    default_value: StoredValue | None = None
    value: StoredValue | None = None
    before_rotation: Encrypted | None = None

    @classmethod
    def begin(cls, event: DomainConfigEvent) -> DomainConfig:
        match event:
            case Initialized():
                return cls(
                    id=event.id,
                    key=event.key,
                    config_type=event.config_type,
                    visibility=event.visibility,
                    encrypted=event.encrypted,
                    default_value=event.default_value,
                )
            case _:
                raise ValueError(f"a setting does not begin with {type(event).__name__}")

    def apply(self, event: DomainConfigEvent) -> None:
        match event:
            case Initialized():
                raise ValueError("a setting is initialized once")
            case Updated():
                self.value = event.value
                self.before_rotation = None
            case KeyRotated():
                self.before_rotation = self.value if isinstance(self.value, Encrypted) else None
                self.value = event.value

    @property
    def is_set(self) -> bool:
        return self.value is not None or self.default_value is not None

    @property
    def shown(self) -> object:
        """The plain JSON in force as anybody may see it: None for a secret, and when unset."""
        value = self.value or self.default_value
        return value.value if isinstance(value, Plain) and not self.encrypted else None

    def effective(self, keyring: Keyring) -> object:
        """The plain JSON in force, None when unset. `UnknownEncryptionKey`, `DecryptionFailed`."""
        value = self.value or self.default_value
        match value:
            case None:
                return None
            case Plain():
                return value.value
            case Encrypted():
                return self._opened(value, keyring)

    def _opened(self, value: Encrypted, keyring: Keyring) -> object:
        for candidate in (value, self.before_rotation):
            if candidate and keyring.holds(candidate.sealed):
                return msgspec.json.decode(keyring.open(candidate.sealed, self.key), type=object)
        raise UnknownEncryptionKey(value.key_id)

    def update(self, raw: object, keyring: Keyring) -> Outcome:
        """Store a value, already checked. The last one stored again is no event."""
        match self.value:
            case Encrypted() as stored:
                if not keyring.holds(stored.sealed):
                    raise StaleEncryptionKey
                if self._opened(stored, keyring) == raw:
                    return ALREADY
            case Plain() as stored:
                if stored.value == raw and type(stored.value) is type(raw):
                    return ALREADY
            case None:
                pass
        return self.emit(Updated(value=self._stored(raw, keyring)))

    def rotate(self, keyring: Keyring) -> Outcome:
        """Seal the value under the current key, where it is not."""
        if not isinstance(self.value, Encrypted) or keyring.is_current(self.value.sealed):
            return ALREADY
        resealed = keyring.reseal(self.value.sealed, self.key)
        return self.emit(KeyRotated(value=Encrypted.of(resealed)))

    def _stored(self, raw: object, keyring: Keyring) -> StoredValue:
        if self.encrypted:
            return Encrypted.of(keyring.seal(msgspec.json.encode(raw), self.key))
        return Plain(raw)
