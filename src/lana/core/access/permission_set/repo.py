"""Permission sets by id and name."""

from __future__ import annotations

from typing import ClassVar

from lana.core.access.permission_set.entity import PermissionSet
from lana.lib.es.repo import Repo
from lana.lib.es.table import Column

_ALL = "select id, created_at, state from permission_sets limit %b::int8"


class PermissionSetRepo(Repo[PermissionSet]):
    entity: ClassVar[type[PermissionSet]] = PermissionSet
    table: ClassVar[str] = "permission_sets"
    label: ClassVar[str] = "PermissionSet"
    columns: ClassVar[tuple[Column, ...]] = (Column("name", "text", lambda found: found.name),)

    async def all(self, bound: int) -> list[PermissionSet]:
        rows = await self.db.fetch(_ALL, [bound])
        if len(rows) == bound:
            self.db.log_bound_met(self.table, bound)
        return [self.read(row) for row in rows]
