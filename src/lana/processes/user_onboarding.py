"""A new member of staff gets a login; a deactivated one's is shut."""

from __future__ import annotations

from typing import ClassVar

from lana.core.access import UserActivityChanged, UserCreated, create_login, sync_login
from lana.lib.es.op import Op
from lana.lib.outbox import PublicEvent


class UserOnboarding:
    name: ClassVar[str] = "user-onboarding"
    takes: ClassVar[tuple[type[PublicEvent], ...]] = (UserCreated, UserActivityChanged)
    actor: ClassVar[str] = "user-onboarding"

    async def handle(self, op: Op, event: PublicEvent) -> None:
        match event:
            case UserCreated():
                op.defer(create_login(event.id))
            case UserActivityChanged():
                op.defer(sync_login(event.id))
            case _:
                raise TypeError(f"{self.name} does not take {type(event).__name__}")
