"""Deposit accounts as stored, with what their lists filter and sort by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from lana.core.deposit.account.entity import DepositAccount
from lana.core.deposit.primitives import Activity
from lana.lib.es.repo import Repo
from lana.lib.es.table import Column

_OF_HOLDERS: Final = (
    "select id, created_at, state from deposit_accounts where account_holder_id = any(%b::uuid[])"
    " order by created_at desc, id desc limit %b::int8"
)
_IDS_OF_HOLDER: Final = "select id from deposit_accounts where account_holder_id = %b::uuid limit %b::int8"
_NOT_ESCHEATABLE: Final = (
    "select id, created_at, activity, is_evaluated from deposit_accounts"
    " where activity <> 'escheatable' and id > %b::uuid order by id limit %b::int8"
)


class Standing(msgspec.Struct, frozen=True):
    """An account's activity as the last evaluation left it."""

    id: UUID
    created_at: datetime
    activity: Activity
    is_evaluated: bool


class DepositAccountRepo(Repo[DepositAccount]):
    entity = DepositAccount
    table = "deposit_accounts"
    label = "DepositAccount"
    columns = (
        Column("account_holder_id", "uuid", lambda account: account.account_holder_id),
        Column("status", "text", lambda account: account.status),
        Column("activity", "text", lambda account: account.activity),
        Column("is_evaluated", "bool", lambda account: account.is_evaluated),
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

    async def not_escheatable(self, after: UUID, limit: int) -> list[Standing]:
        """By id, behind one."""
        rows = await self.db.fetch(_NOT_ESCHEATABLE, [after, limit])
        return [Standing(row[0], row[1], Activity(row[2]), row[3]) for row in rows]
