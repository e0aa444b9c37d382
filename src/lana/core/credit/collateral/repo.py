"""Collaterals as stored, found by their wallets as well."""

from __future__ import annotations

from typing import ClassVar

from lana.core.credit.collateral.entity import Collateral
from lana.lib.es.repo import Repo
from lana.lib.es.table import Column


class CollateralRepo(Repo[Collateral]):
    entity: ClassVar[type[Collateral]] = Collateral
    table: ClassVar[str] = "collaterals"
    label: ClassVar[str] = "Collateral"
    columns: ClassVar[tuple[Column, ...]] = (
        Column("facility_id", "uuid", lambda collateral: collateral.secured_loan_id),
        Column("wallet_id", "uuid", lambda collateral: collateral.custody_wallet_id),
        Column("amount", "int8", lambda collateral: collateral.amount),
    )
