"""Deposit accounts as stored, with what their lists filter and sort by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from lana.core.deposit.account.entity import DepositAccount
from lana.lib.es.repo import Repo
from lana.lib.es.table import Column

_OF_HOLDERS: Final = (
    "select id, created_at, state from deposit_accounts where account_holder_id = any(%b::uuid[])"
    " order by created_at desc, id desc limit %b::int8"
)
_IDS_OF_HOLDER: Final = "select id from deposit_accounts where account_holder_id = %b::uuid limit %b::int8"


class DepositAccountRepo(Repo[DepositAccount]):
    entity = DepositAccount
    table = "deposit_accounts"
    label = "DepositAccount"
    columns = (
        Column("account_holder_id", "uuid", lambda account: account.account_holder_id),
        Column("status", "text", lambda account: account.status),
        Column("activity", "text", lambda account: account.activity),
        Column("public_id", "int8", lambda account: int(account.public_id)),
    )

    async def of_holders(self, holder_ids: Sequence[UUID]) -> dict[UUID, DepositAccount]:
        """The newest account of each holder that has one."""
        rows = await self.db.fetch(_OF_HOLDERS, [list(holder_ids), self.db.list_bound])
        newest: dict[UUID, DepositAccount] = {}
        for account in map(self.read, rows):
            newest.setdefault(account.account_holder_id, account)
        return newest

    async def ids_of_holder(self, holder_id: UUID) -> list[UUID]:
        rows = await self.db.fetch(_IDS_OF_HOLDER, [holder_id, self.db.list_bound])
        return [row[0] for row in rows]
