"""Signed links: who has one may read its document until it expires.

`sig` is the hex HMAC-SHA256 of `<path>:<expires>`. Checked in this order: path, expiry, signature, file.
What is signed and what is checked is the same text, so a link for one path opens no other; the comparison
takes the same time wherever two signatures begin to differ.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec

from lana.core.document.paths import is_path

PREFIX: Final = "/local-storage/"
LINK_SECONDS: Final = 3600
LONGEST: Final = 512
_EXPIRES: Final = re.compile(r"[1-9][0-9]{0,11}")


class BadLink(Exception):
    """A link that opens nothing: the HTTP status and the sentence it is answered with."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class Links(msgspec.Struct, frozen=True):
    """`server_url` is where staff reach the bank, `customer_url` where customers do; `now` is real time,
    whatever the bank's clock says.
    """

    server_url: str
    customer_url: str
    secret: str
    now: Callable[[], datetime]

    def __post_init__(self) -> None:
        if not self.secret:
            raise ValueError("links are signed with a secret (STORAGE_SIGNING_SECRET); it is empty")

    def __repr__(self) -> str:
        return f"Links({self.server_url})"

    def link(self, path: str, *, of_customer: bool = False) -> str:
        expires = int(self.now().timestamp()) + LINK_SECONDS
        url = self.customer_url if of_customer else self.server_url
        return f"{url.rstrip('/')}{self.path_and_query(path, expires)}"

    def path_and_query(self, path: str, expires: int) -> str:
        encoded = base64.urlsafe_b64encode(path.encode()).rstrip(b"=").decode()
        return f"{PREFIX}{encoded}?expires={expires}&sig={self._sign(path, str(expires))}"

    def opened(self, encoded: str, expires: str, sig: str) -> str:
        """The path that a link names. BadLink."""
        path = _decoded(encoded)
        if not _EXPIRES.fullmatch(expires) or int(expires) < self.now().timestamp():
            raise BadLink(403, "Link has expired")
        if not hmac.compare_digest(self._sign(path, expires).encode(), sig.encode(errors="replace")):
            raise BadLink(403, "Invalid signature")
        return path

    def _sign(self, path: str, expires: str) -> str:
        return hmac.new(self.secret.encode(), f"{path}:{expires}".encode(), hashlib.sha256).hexdigest()


def _decoded(encoded: str) -> str:
    if len(encoded) > LONGEST:
        raise BadLink(400, "Invalid path")
    try:
        raw = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadLink(400, "Invalid base64 encoding") from error
    try:
        path = raw.decode()
    except UnicodeDecodeError as error:
        raise BadLink(400, "Invalid path encoding") from error
    if not is_path(path):
        raise BadLink(400, "Invalid path")
    return path
