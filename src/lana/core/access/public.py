"""What other domains may hear of staff access. No personal data: consumers read it from the user."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from lana.lib.outbox import PublicEvent


class UserCreated(PublicEvent, frozen=True):
    module: ClassVar[str] = "CoreAccess"
    id: UUID
    role_id: UUID


class UserActivityChanged(PublicEvent, frozen=True):
    """A user was deactivated or activated again; the login follows."""

    module: ClassVar[str] = "CoreAccess"
    id: UUID
    active: bool


class RoleCreated(PublicEvent, frozen=True):
    module: ClassVar[str] = "CoreAccess"
    id: UUID
    name: str
