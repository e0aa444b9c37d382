"""The port to the identity provider, which keeps the logins of one realm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol
from uuid import UUID

import msgspec


class OneTimePassword(msgspec.Struct, frozen=True):
    """Shown once on a terminal, never stored, never logged; its first use ends in choosing a password."""

    email: str
    secret: str

    def __repr__(self) -> str:
        return "OneTimePassword(…)"

    __str__ = __repr__


Announce = Callable[[OneTimePassword], None]


class Logins(Protocol):
    """Logins of one realm, named by Lana's id of the person. Every call may be repeated."""

    async def ensure(self, lana_id: UUID, email: str) -> OneTimePassword | None:
        """Make the login unless it exists. The password when one was made; None when
        Keycloak mails a link.
        """
        ...

    async def renew_password(self, lana_id: UUID, email: str) -> OneTimePassword | None:
        """A fresh one-time password (or link) for a login whose owner has not chosen a
        password; else None.
        """
        ...

    async def update_email(self, lana_id: UUID, email: str) -> None:
        """Set the e-mail, verified."""
        ...

    async def set_enabled(self, lana_id: UUID, enabled: bool) -> None:
        """Let the login in, or not."""
        ...
