"""A party gets a login, which follows its e-mail and is shut while the customer is frozen, and for good when
closed.
"""

from __future__ import annotations

from typing import ClassVar

from lana.core.customer import (
    CustomerClosed,
    PartyCreated,
    PartyEmailUpdated,
    create_login,
    sync_login,
)
from lana.lib.es.op import Op
from lana.lib.outbox import PublicEvent


class CustomerLogin:
    """Freezing and unfreezing are `customer_freeze_sync`'s: accounts first, then the login."""

    name: ClassVar[str] = "customer-login"
    takes: ClassVar[tuple[type[PublicEvent], ...]] = (PartyCreated, PartyEmailUpdated, CustomerClosed)
    actor: ClassVar[str] = "customer-sync"

    async def handle(self, op: Op, event: PublicEvent) -> None:
        match event:
            case PartyCreated():
                op.defer(create_login(event.id))
            case PartyEmailUpdated():
                op.defer(sync_login(event.id))
            case CustomerClosed():
                op.defer(sync_login(event.party_id))
            case _:
                raise TypeError(f"{self.name} does not take {type(event).__name__}")
