"""Obligations as stored, with the date on which each changes by itself."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar
from uuid import UUID

from lana.core.credit.obligation.entity import Obligation
from lana.lib.es.children import ChildRepo
from lana.lib.es.loader import Loader
from lana.lib.es.op import Op
from lana.lib.es.table import Column
from lana.lib.pg.database import Database


class ObligationRepo(ChildRepo[Obligation]):
    entity: ClassVar[type[Obligation]] = Obligation
    table: ClassVar[str] = "obligations"
    label: ClassVar[str] = "Obligation"
    parent: ClassVar[str] = "facility_id"
    columns = (
        Column("facility_id", "uuid", lambda obligation: obligation.beneficiary_id),
        Column("obligation_type", "text", lambda obligation: obligation.obligation_type),
        Column("status", "text", lambda obligation: obligation.status),
        Column("outstanding", "int8", lambda obligation: obligation.outstanding),
        Column("next_transition", "date", lambda obligation: obligation.next_transition),
    )

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self._unpaid: Loader[list[Sequence[Any]]] = Loader(self._unpaid_rows)

    async def unpaid_of(self, facility_id: UUID) -> list[Obligation]:
        """What a facility still owes, newest first. An old loan has paid many times more than that."""
        return [self.read(row) for row in await self._unpaid.load(facility_id) or ()]

    async def find_unpaid(self, op: Op, facility_id: UUID) -> list[Obligation]:
        """Each guarded. Guard the facility: whatever makes another one writes it."""
        return self._kept(op, await self.unpaid_of(facility_id))

    async def _unpaid_rows(self, facility_ids: Sequence[UUID]) -> dict[UUID, list[Sequence[Any]]]:
        return await self._grouped(self._unpaid_sql, facility_ids)

    @cached_property
    def _unpaid_sql(self) -> str:
        return self._sql_where("and outstanding > 0")
