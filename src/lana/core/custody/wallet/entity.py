"""A wallet: an address at a custodian, and what it was last seen to hold."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from lana.core.custody.primitives import Network
from lana.lib.es.entity import ALREADY, Entity, Event, Outcome
from lana.lib.money import Satoshis, require_satoshis


class Initialized(Event, frozen=True, tag="initialized"):
    id: UUID
    custodian_id: UUID
    external_wallet_id: str
    address: str
    network: Network
    custodian_response: object


class BalanceChanged(Event, frozen=True, tag="balance_changed"):
    new_balance: Satoshis
    changed_at: datetime


WalletEvent = Initialized | BalanceChanged


class Wallet(Entity[WalletEvent]):
    """One per facility. `balance` is None until it was first seen."""

    kind: ClassVar[str] = "wallet"
    event_types: ClassVar[object] = WalletEvent

    custodian_id: UUID
    external_wallet_id: str
    address: str
    network: Network
    balance: Satoshis | None = None
    balance_changed_at: datetime | None = None

    @classmethod
    def begin(cls, event: WalletEvent) -> Self:
        assert isinstance(event, Initialized)
        return cls(
            id=event.id,
            custodian_id=event.custodian_id,
            external_wallet_id=event.external_wallet_id,
            address=event.address,
            network=event.network,
        )

    def apply(self, event: WalletEvent) -> None:
        match event:
            case BalanceChanged():
                self.balance = event.new_balance
                self.balance_changed_at = event.changed_at
            case Initialized():
                raise ValueError("a wallet begins once")

    def update_balance(self, balance: Satoshis, changed_at: datetime) -> Outcome:
        """The first balance is news, also 0. AmountTooLarge."""
        require_satoshis(balance, "balance")
        if balance == self.balance:
            return ALREADY
        return self.emit(BalanceChanged(new_balance=balance, changed_at=changed_at))
