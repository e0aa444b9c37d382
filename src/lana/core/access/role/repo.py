"""Roles by id and name."""

from __future__ import annotations

from typing import ClassVar

from lana.core.access.role.entity import Role
from lana.lib.es.repo import Repo
from lana.lib.es.table import Column

_ALL = "select id, created_at, state from roles limit %b::int8"


class RoleRepo(Repo[Role]):
    entity: ClassVar[type[Role]] = Role
    table: ClassVar[str] = "roles"
    label: ClassVar[str] = "Role"
    columns: ClassVar[tuple[Column, ...]] = (Column("name", "text", lambda role: role.name),)

    async def all(self, bound: int) -> list[Role]:
        rows = await self.db.fetch(_ALL, [bound])
        if len(rows) == bound:
            self.db.log_bound_met(self.table, bound)
        return [self.read(row) for row in rows]
