"""Disbursals as stored, with what their lists filter and sort by."""

from __future__ import annotations

from typing import ClassVar

from lana.core.credit.disbursal.entity import Disbursal
from lana.core.credit.of_parents import ChildRepo
from lana.lib.es.table import Column


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
        Column("awaits_settlement", "bool", lambda disbursal: disbursal.awaits_settlement),
    )
