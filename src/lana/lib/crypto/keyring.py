"""Authenticated encryption of single values (ChaCha20-Poly1305), and the rotation of its key.

Guarantees: a nonce is drawn for every value; a value altered, or moved to another place (`context`), does not
open; a key never shows in a `repr`. Cost: microseconds. What breaks it: 2^32 values under one key (random
96-bit nonces), far beyond what a bank configures. Losing the key loses the values: there is no recovery and
no key store.
"""

from __future__ import annotations

import hashlib
import secrets

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

KEY_BYTES = 32
NONCE_BYTES = 12
KEY_ID_BYTES = 8


class InvalidEncryptionKey(ValueError):
    """Not 64 hexadecimal characters."""


class UnknownEncryptionKey(Exception):
    """The value is sealed under a key this process does not hold."""

    def __init__(self, key_id: str) -> None:
        self.key_id = key_id
        super().__init__(f"no key with id {key_id}")


class DecryptionFailed(Exception):
    """The key is right, the value is not: altered, or moved from another place."""


class Sealed(msgspec.Struct, frozen=True):
    """A ciphertext with what is needed to open it, except the key. Bytes are base64 in JSON."""

    ciphertext: bytes
    nonce: bytes
    key_id: str


class EncryptionKey:
    """One key. `id` is the first 8 bytes of its SHA-256, in hex; it may be shown, the key may not."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise InvalidEncryptionKey(f"an encryption key has {KEY_BYTES} bytes, not {len(key)}")
        self._key = key
        self.id = hashlib.sha256(key).digest()[:KEY_ID_BYTES].hex()

    @classmethod
    def parse(cls, text: str) -> EncryptionKey:
        """From 64 hexadecimal characters. `InvalidEncryptionKey` otherwise; the message does not show the
        text.
        """
        try:
            key = bytes.fromhex(text)
        except ValueError:
            key = b""
        if len(text) != 2 * KEY_BYTES or len(key) != KEY_BYTES:
            raise InvalidEncryptionKey(
                f"an encryption key is {2 * KEY_BYTES} hexadecimal characters"
            ) from None
        return cls(key)

    @staticmethod
    def generate() -> str:
        """A fresh key, as text."""
        return secrets.token_hex(KEY_BYTES)

    def cipher(self) -> ChaCha20Poly1305:
        return ChaCha20Poly1305(self._key)

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for another purpose (keyed digests); it changes when this key is rotated."""
        return hashlib.blake2b(purpose.encode(), key=self._key, digest_size=KEY_BYTES).digest()

    def __repr__(self) -> str:
        return f"EncryptionKey(id={self.id})"


class Keyring:
    """Seals under `current`, opens under `current` or `deprecated`."""

    def __init__(self, current: EncryptionKey, deprecated: EncryptionKey | None = None) -> None:
        self.current = current
        self.deprecated = deprecated
        self._by_id = {key.id: key for key in (current, deprecated) if key}

    @classmethod
    def parse(cls, current: str, deprecated: str | None = None) -> Keyring:
        """From hex texts. `InvalidEncryptionKey`."""
        return cls(
            EncryptionKey.parse(current),
            EncryptionKey.parse(deprecated) if deprecated else None,
        )

    def holds(self, sealed: Sealed) -> bool:
        """Can this ring open it?"""
        return sealed.key_id in self._by_id

    def is_current(self, sealed: Sealed) -> bool:
        """Nothing to rotate?"""
        return sealed.key_id == self.current.id

    def seal(self, plain: bytes, context: str) -> Sealed:
        """Encrypt; `context` names the place the value belongs to and must be the same at `open`."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return Sealed(
            self.current.cipher().encrypt(nonce, plain, context.encode()),
            nonce,
            self.current.id,
        )

    def open(self, sealed: Sealed, context: str) -> bytes:
        """Decrypt. `UnknownEncryptionKey`, `DecryptionFailed`."""
        key = self._by_id.get(sealed.key_id)
        if key is None:
            raise UnknownEncryptionKey(sealed.key_id)
        try:
            return key.cipher().decrypt(sealed.nonce, sealed.ciphertext, context.encode())
        except (InvalidTag, ValueError) as error:
            raise DecryptionFailed(f"a value of {context} does not open under key {sealed.key_id}") from error

    def reseal(self, sealed: Sealed, context: str) -> Sealed:
        """The same value under the current key."""
        return self.seal(self.open(sealed, context), context)
