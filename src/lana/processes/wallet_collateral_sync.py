"""Collateral follows its wallet, whatever price or floor say."""

from __future__ import annotations

from typing import ClassVar

from lana.core.credit import Actor, Collaterals
from lana.core.custody import WalletBalanceUpdated
from lana.core.time import BankTime
from lana.lib.es.op import Op
from lana.lib.outbox import PublicEvent


class WalletCollateralSync:
    name: ClassVar[str] = "wallet-collateral-sync"
    takes: ClassVar[tuple[type[PublicEvent], ...]] = (WalletBalanceUpdated,)
    actor: ClassVar[str] = Actor.CUSTODIAN_SYNC

    def __init__(self, collaterals: Collaterals, time: BankTime) -> None:
        self._collaterals = collaterals
        self._time = time

    async def handle(self, op: Op, event: PublicEvent) -> None:
        if not isinstance(event, WalletBalanceUpdated):
            raise TypeError(f"{self.name} does not take {type(event).__name__}")
        on = self._time.date_of(event.balance.updated_at)
        await self._collaterals.sync_with_wallet(op, event.id, event.balance.amount, on)
