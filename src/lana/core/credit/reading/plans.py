"""Repayment plans of many facilities, one statement whatever their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from lana.core.credit.facility.entity import Facility
from lana.core.credit.facility.repo import FacilityRepo
from lana.core.credit.pending.entity import PendingFacility
from lana.core.credit.plan import PlanEntry, offered_plan, plan_of
from lana.core.credit.proposal.entity import Proposal
from lana.core.credit.reading.records import FacilityRecords
from lana.core.time import BankTime
from lana.lib.pg.database import Database


class Plans:
    def __init__(self, db: Database, time: BankTime, records: FacilityRecords) -> None:
        self._facilities = FacilityRepo(db)
        self._time = time
        self._records = records

    async def of(self, facilities: Sequence[Facility]) -> Mapping[UUID, Sequence[PlanEntry]]:
        owed = await self._records.owed_by([facility.id for facility in facilities])
        return {
            facility.id: plan_of(facility, *owed[facility.id], self.end_of_day) for facility in facilities
        }

    async def of_loan(self, loan: Proposal | PendingFacility) -> Sequence[PlanEntry]:
        """The active facility's once there is one; until then as if activated when the loan was made."""
        facility = await self._facilities.peek(loan.id)
        if facility is not None:
            return (await self.of([facility]))[facility.id]
        at = loan.created_at
        return offered_plan(loan.terms, loan.amount, at, self.date_of(at), self.end_of_day)

    def date_of(self, at: datetime) -> date:
        return self._time.date_of(at)

    def end_of_day(self, day: date) -> datetime:
        return self._time.end_of(day)
