"""Repayment plans of many facilities, two statements whatever their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from lana.core.credit.cycle.repo import CycleRepo
from lana.core.credit.facility.entity import Facility
from lana.core.credit.obligation.repo import ObligationRepo
from lana.core.credit.plan import PlanEntry, plan_of
from lana.core.time import BankTime
from lana.lib.pg.database import Database


class Plans:
    def __init__(self, db: Database, time: BankTime) -> None:
        self._obligations = ObligationRepo(db)
        self._cycles = CycleRepo(db)
        self._time = time

    async def of(self, facilities: Sequence[Facility]) -> Mapping[UUID, Sequence[PlanEntry]]:
        ids = [facility.id for facility in facilities]
        obligations = await self._obligations.of_parents(ids)
        cycles = await self._cycles.of_parents(ids)
        return {
            facility.id: plan_of(facility, obligations[facility.id], cycles[facility.id], self.end_of_day)
            for facility in facilities
        }

    def date_of(self, at: datetime) -> date:
        return self._time.date_of(at)

    def end_of_day(self, day: date) -> datetime:
        return self._time.end_of(day)
