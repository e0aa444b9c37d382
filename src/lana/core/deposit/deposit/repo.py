"""Deposits as stored, with what their lists filter and sort by."""

from __future__ import annotations

from lana.core.deposit.deposit.entity import Deposit
from lana.lib.es.children import ChildRepo
from lana.lib.es.table import Column


class DepositRepo(ChildRepo[Deposit]):
    entity = Deposit
    table = "deposits"
    label = "Deposit"
    parent = "deposit_account_id"
    columns = (
        Column("deposit_account_id", "uuid", lambda deposit: deposit.deposit_account_id),
        Column("status", "text", lambda deposit: deposit.status),
        Column("amount", "int8", lambda deposit: deposit.amount),
        Column("public_id", "int8", lambda deposit: int(deposit.public_id)),
    )
