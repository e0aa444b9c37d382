"""Entities found by what they belong to: all of many parents in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from lana.lib.errors import Refusal
from lana.lib.es.entity import Entity
from lana.lib.es.loader import Loader
from lana.lib.es.op import Op
from lana.lib.es.repo import Repo
from lana.lib.pg.database import Database

T = TypeVar("T", bound=Entity[Any])

EACH = 2_500
"""Of one parent, at most: more than the debts of any loan."""


class TooManyToDecide(Refusal):
    """A decision needs all of them, and there are more than are read at once."""


class ChildRepo(Repo[T]):
    """`parent` names the declared column that holds the parent's id."""

    parent: ClassVar[str]

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self._children: Loader[list[Sequence[Any]]] = Loader(self._rows_of)

    async def of_parents(self, parent_ids: Sequence[UUID]) -> dict[UUID, list[T]]:
        """Each one's, newest first, up to `EACH` (logged when met); loads of one moment share a statement."""
        found = await self._children.load_many(list(parent_ids))
        return {parent: [self.read(row) for row in found.get(parent, ())] for parent in parent_ids}

    async def of_parent(self, parent_id: UUID) -> list[T]:
        return [self.read(row) for row in await self._children.load(parent_id) or ()]

    async def find_of_parent(self, op: Op, parent_id: UUID) -> list[T]:
        """Each guarded, newest first. What is missing is not guarded: guard the parent. TooManyToDecide."""
        return self._kept(op, await self.of_parent(parent_id))

    async def find_all_of_parent(self, op: Op, parent_id: UUID) -> list[T]:
        """As `find_of_parent`, and that there is no other is guarded too, as `Op.guard_number` says."""
        found = await self.find_of_parent(op, parent_id)
        op.guard_number(self.table, self.parent, parent_id, len(found))
        return found

    def _kept(self, op: Op, found: Sequence[T]) -> list[T]:
        if len(found) == EACH:
            raise TooManyToDecide(f"more than {EACH - 1} of {self.table}")
        return [op.keep(self, entity) for entity in found]

    async def _rows_of(self, parent_ids: Sequence[UUID]) -> dict[UUID, list[Sequence[Any]]]:
        return await self._grouped(self._children_sql, parent_ids)

    async def _grouped(self, sql: str, parent_ids: Sequence[UUID]) -> dict[UUID, list[Sequence[Any]]]:
        found: dict[UUID, list[Sequence[Any]]] = {}
        for parent, *row in await self.db.fetch(sql, [list(parent_ids), EACH]):
            found.setdefault(parent, []).append(row)
        if any(len(rows) == EACH for rows in found.values()):
            self.db.log_bound_met(self.table, EACH)
        return found

    @cached_property
    def _children_sql(self) -> str:
        return self._sql_where("")

    def _sql_where(self, condition: str) -> str:
        """`condition` upon a child's columns begins with `and`; none where it is empty."""
        return (
            f"select p.id, c.id, c.created_at, c.state from unnest(%b::uuid[]) as p(id), lateral"
            f" (select id, created_at, state from {self.table} where {self.parent} = p.id {condition}"
            f" order by created_at desc, id desc limit %b::int8) as c"
        )
