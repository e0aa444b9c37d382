"""One file of a multipart request, held in memory (the body limit is its bound)."""

from __future__ import annotations

import msgspec


class Upload(msgspec.Struct, frozen=True):
    filename: str
    content_type: str
    content: bytes
