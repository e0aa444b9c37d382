"""Disbursals as stored, with what their lists filter and sort by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final
from uuid import UUID

from lana.core.credit.disbursal.entity import Disbursal
from lana.lib.es.children import ChildRepo
from lana.lib.es.table import Column

_SETTLED_BY: Final = "select settled_tx_id, id from disbursals where settled_tx_id = any(%b::uuid[])"

_NUMBER: Final = "select count(*) from disbursals where facility_id = %b::uuid and status <> 'denied'"


class DisbursalRepo(ChildRepo[Disbursal]):
    entity: ClassVar[type[Disbursal]] = Disbursal
    table: ClassVar[str] = "disbursals"
    label: ClassVar[str] = "Disbursal"
    parent: ClassVar[str] = "facility_id"
    columns = (
        Column("facility_id", "uuid", lambda disbursal: disbursal.facility_id),
        Column("status", "text", lambda disbursal: disbursal.status),
        Column("amount", "int8", lambda disbursal: disbursal.amount),
        Column("public_id", "int8", lambda disbursal: int(disbursal.public_id)),
        Column("settled_tx_id", "uuid", lambda disbursal: disbursal.settled_tx_id),
        Column("awaits_settlement", "bool", lambda disbursal: disbursal.awaits_settlement),
    )

    async def number_of(self, facility_id: UUID) -> int:
        """Of a facility, but those denied. Guard the facility: whatever makes another one writes it."""
        ((number,),) = await self.db.fetch(_NUMBER, [facility_id])
        return number

    async def settled_by(self, transaction_ids: Sequence[UUID]) -> dict[UUID, UUID]:
        """Ids by the ledger transaction that paid them out."""
        return {row[0]: row[1] for row in await self.db.fetch(_SETTLED_BY, [list(transaction_ids)])}
