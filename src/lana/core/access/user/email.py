"""The least an e-mail must be for the identity provider to take it."""

from __future__ import annotations

import re
from typing import Final

from lana.core.access.user.errors import InvalidEmail

MAX_LENGTH: Final = 254
_SHAPE: Final = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+")


def checked_email(email: str) -> str:
    """The e-mail as given. `InvalidEmail` unless it has one `@` with text on both sides
    and no white space.
    """
    if len(email) > MAX_LENGTH or not _SHAPE.fullmatch(email):
        raise InvalidEmail("an e-mail has the form name@host", field="email")
    return email
