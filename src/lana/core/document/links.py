"""Signed links: who has one may read its document until it expires.

`sig` is the hex HMAC-SHA256 of `<path>:<expires>`. Checked in this order: path, expiry, signature, file.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec

PREFIX: Final = "/local-storage/"
LINK_SECONDS: Final = 3600
ROOT: Final = "documents/"


class BadLink(Exception):
    """A link that opens nothing: the HTTP status and the sentence it is answered with."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class Links(msgspec.Struct, frozen=True):
    """`server_url` is where the bank is reached; `now` is real time."""

    server_url: str
    secret: str
    now: Callable[[], datetime]

    def link(self, path: str) -> str:
        expires = int(self.now().timestamp()) + LINK_SECONDS
        return f"{self.server_url.rstrip('/')}{self.path_and_query(path, expires)}"

    def path_and_query(self, path: str, expires: int) -> str:
        encoded = base64.urlsafe_b64encode(path.encode()).rstrip(b"=").decode()
        return f"{PREFIX}{encoded}?expires={expires}&sig={self._sign(path, expires)}"

    def opened(self, encoded: str, expires: str, sig: str) -> str:
        """The path that a link names. BadLink."""
        path = _decoded(encoded)
        if not expires.isascii() or not expires.isdigit() or int(expires) < self.now().timestamp():
            raise BadLink(403, "Link has expired")
        if not hmac.compare_digest(self._sign(path, int(expires)).encode(), sig.encode()):
            raise BadLink(403, "Invalid signature")
        return path

    def _sign(self, path: str, expires: int) -> str:
        return hmac.new(self.secret.encode(), f"{path}:{expires}".encode(), hashlib.sha256).hexdigest()


def _decoded(encoded: str) -> str:
    try:
        raw = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadLink(400, "Invalid base64 encoding") from error
    try:
        path = raw.decode()
    except UnicodeDecodeError as error:
        raise BadLink(400, "Invalid path encoding") from error
    if not path.startswith(ROOT) or ".." in path.split("/") or "\0" in path:
        raise BadLink(400, "Invalid path")
    return path
