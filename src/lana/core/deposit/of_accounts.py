"""Movements of many accounts in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from lana.core.deposit.deposit.entity import Deposit
from lana.core.deposit.withdrawal.entity import Withdrawal
from lana.lib.es.repo import Repo

T = TypeVar("T", Deposit, Withdrawal)


async def of_accounts(repo: Repo[T], account_ids: Sequence[UUID]) -> dict[UUID, list[T]]:
    """Newest first, each account's up to the bound of lists without pages (logged when met)."""
    bound = repo.db.list_bound
    sql = (
        "select a.id, x.id, x.created_at, x.state from unnest(%b::uuid[]) as a(id) cross join lateral"
        f" (select id, created_at, state from {repo.table} where deposit_account_id = a.id"
        " order by created_at desc, id desc limit %b::int8) x order by a.id, x.created_at desc, x.id desc"
    )
    found: dict[UUID, list[T]] = {account_id: [] for account_id in account_ids}
    for row in await repo.db.fetch(sql, [list(found), bound]):
        found[row[0]].append(repo.read(row[1:]))
    if any(len(movements) == bound for movements in found.values()):
        repo.db.log_bound_met(repo.table, bound)
    return found
