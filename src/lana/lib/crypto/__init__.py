"""Secrets at rest: sealed under the current key, opened under the current or the one being rotated out."""

from lana.lib.crypto.keyring import (
    DecryptionFailed,
    EncryptionKey,
    InvalidEncryptionKey,
    Keyring,
    Sealed,
    UnknownEncryptionKey,
)

__all__ = [
    "DecryptionFailed",
    "EncryptionKey",
    "InvalidEncryptionKey",
    "Keyring",
    "Sealed",
    "UnknownEncryptionKey",
]
