"""One person's data as stored, and the digest events keep of it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping

import msgspec

SALT_BYTES = 16


def new_salt() -> bytes:
    """Random, one per person, erased with the data."""
    return secrets.token_bytes(SALT_BYTES)


def digest(salt: bytes, value: str) -> str:
    """HMAC-SHA256 of the value under the salt, in hex. Without the salt it tells nothing of the value."""
    return hmac.new(salt, value.encode(), hashlib.sha256).hexdigest()


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Contact data and, as plain texts by field name, whatever else is personal. All None after erasure."""

    salt: bytes
    email: str | None = None
    handle: str | None = None
    data: Mapping[str, str | None] | None = None

    def digest(self, value: str) -> str:
        return digest(self.salt, value)
