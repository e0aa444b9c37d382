"""What other domains hear of custody."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from lana.lib.money import Satoshis
from lana.lib.outbox import PublicEvent


class WalletBalance(msgspec.Struct, frozen=True, kw_only=True):
    amount: Satoshis
    updated_at: datetime


class WalletBalanceUpdated(PublicEvent, frozen=True):
    """`network` as others write it: `Testnet4`."""

    module: ClassVar[str] = "Custody"
    id: UUID
    address: str
    network: str
    balance: WalletBalance
