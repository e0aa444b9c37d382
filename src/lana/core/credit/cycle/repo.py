"""Cycles as stored, with the day on which each accrues next."""

from __future__ import annotations

from typing import ClassVar

from lana.core.credit.cycle.entity import Cycle
from lana.lib.es.children import ChildRepo
from lana.lib.es.table import Column


class CycleRepo(ChildRepo[Cycle]):
    entity: ClassVar[type[Cycle]] = Cycle
    table: ClassVar[str] = "interest_accrual_cycles"
    label: ClassVar[str] = "InterestAccrualCycle"
    parent: ClassVar[str] = "facility_id"
    columns = (
        Column("facility_id", "uuid", lambda cycle: cycle.facility_id),
        Column("idx", "int8", lambda cycle: cycle.idx),
        Column("next_accrual_on", "date", lambda cycle: cycle.next_accrual_on),
        Column("awaits_posting", "bool", lambda cycle: cycle.awaits_posting),
    )
