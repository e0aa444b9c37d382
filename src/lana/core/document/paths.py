"""Where a document's bytes lie: `documents/<type>/<id>` and an ending that tells its content type."""

from __future__ import annotations

import re
from typing import Final
from uuid import UUID

from lana.core.document.primitives import DocumentKind

ENDINGS: Final = {"application/pdf": ".pdf", "text/csv": ".csv"}
LONGEST_NAME: Final = 255
_PATH: Final = re.compile(r"documents/[a-z0-9_]{1,64}/[A-Za-z0-9_-]{1,64}(?:\.[a-z0-9]{1,8})?")


def path_of(kind: DocumentKind, document_id: UUID, content_type: str) -> str:
    return f"documents/{kind}/{document_id}{ENDINGS.get(content_type, '')}"


def is_path(text: str) -> bool:
    """No other text is ever signed, read or written, so that no name leads out of the folder."""
    return _PATH.fullmatch(text) is not None


def sanitized(filename: str) -> str:
    """`a b.pdf` → `a-b-pdf`: letters, digits and `-` of the trimmed name."""
    return "".join(c if c.isalnum() or c == "-" else "-" for c in filename.strip())[:LONGEST_NAME]
