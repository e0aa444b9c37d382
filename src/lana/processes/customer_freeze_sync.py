"""With a customer, their accounts are frozen and unfrozen, and then their login follows."""

from __future__ import annotations

from typing import ClassVar

from lana.core.customer import CustomerFrozen, CustomerUnfrozen, sync_login
from lana.core.deposit import DepositAccounts
from lana.lib.es.op import Op
from lana.lib.outbox import PublicEvent


class CustomerFreezeSync:
    name: ClassVar[str] = "customer-freeze-sync"
    takes: ClassVar[tuple[type[PublicEvent], ...]] = (CustomerFrozen, CustomerUnfrozen)
    actor: ClassVar[str] = "customer-sync"

    def __init__(self, accounts: DepositAccounts) -> None:
        self._accounts = accounts

    async def handle(self, op: Op, event: PublicEvent) -> None:
        match event:
            case CustomerFrozen():
                await self._accounts.freeze_with_holder(op, event.id)
                op.defer(sync_login(event.party_id))
            case CustomerUnfrozen():
                await self._accounts.unfreeze_with_holder(op, event.id)
                op.defer(sync_login(event.party_id))
            case _:
                raise TypeError(f"{self.name} does not take {type(event).__name__}")
