"""Wallets by id and by what their custodian calls them."""

from __future__ import annotations

from typing import ClassVar

from lana.core.custody.wallet.entity import Wallet
from lana.lib.es.repo import Repo
from lana.lib.es.table import Column


class WalletRepo(Repo[Wallet]):
    entity: ClassVar[type[Wallet]] = Wallet
    table: ClassVar[str] = "wallets"
    label: ClassVar[str] = "Wallet"
    columns: ClassVar[tuple[Column, ...]] = (
        Column("custodian_id", "uuid", lambda wallet: wallet.custodian_id),
        Column("external_wallet_id", "text", lambda wallet: wallet.external_wallet_id),
    )
