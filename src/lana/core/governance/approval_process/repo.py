"""Approval processes by id, and those to be looked at again when a committee changes."""

from __future__ import annotations

from typing import ClassVar, cast
from uuid import UUID

from lana.core.governance.approval_process.entity import ApprovalProcess
from lana.lib.es.repo import Repo
from lana.lib.es.table import Column

_REEVALUATING = """
select id from approval_processes
 where committee_id = %b::uuid and reevaluates and id > %b::uuid order by id limit %b::int8
"""


class ApprovalProcessRepo(Repo[ApprovalProcess]):
    entity: ClassVar[type[ApprovalProcess]] = ApprovalProcess
    table: ClassVar[str] = "approval_processes"
    label: ClassVar[str] = "ApprovalProcess"
    columns: ClassVar[tuple[Column, ...]] = (
        Column("committee_id", "uuid", lambda process: process.committee_id),
        Column("reevaluates", "bool", lambda process: process.reevaluates),
    )

    async def reevaluating(self, committee_id: UUID, after: UUID, limit: int) -> list[UUID]:
        """Ids, ascending, of the open processes whose rules ask for another look."""
        rows = await self.db.fetch(_REEVALUATING, [committee_id, after, limit])
        return [cast("UUID", row[0]) for row in rows]
