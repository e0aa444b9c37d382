"""Fourth: cycles whose periods are all accrued are posted, and the next ones begin."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

from lana.core.credit.cycle.entity import Cycle
from lana.core.credit.cycle.repo import CycleRepo
from lana.core.credit.end_of_day.accruals import last_ended
from lana.core.credit.end_of_day.pages import Pages
from lana.core.credit.facility.entity import Facility
from lana.core.credit.facility.repo import FacilityRepo
from lana.core.credit.interest import Interest
from lana.core.credit.primitives import Actor, FacilityAction
from lana.core.terms import MAX_CYCLES
from lana.lib.authz import Check
from lana.lib.closing import Closing, PageDone
from lana.lib.es.commands import Commands
from lana.lib.es.op import Op
from lana.lib.pg.database import Database

_ACCRUED: Final = (
    "select id from interest_accrual_cycles where awaits_posting and %b::date is not null and id > %b::uuid"
    " order by id limit %b::int8"
)


class InterestPostings:
    """`Step`."""

    name: str = "interest-postings"

    def __init__(self, db: Database, commands: Commands, interest: Interest) -> None:
        self._pages = Pages(db, commands, Actor.INTEREST_ACCRUAL, _ACCRUED)
        self._cycles = CycleRepo(db)
        self._facilities = FacilityRepo(db)
        self._interest = interest

    async def page(self, closing: Closing, cursor: str | None) -> PageDone:
        return await self._pages.page(closing, cursor, last_ended(closing), self.post)

    async def post(self, op: Op, ids: list[UUID], closing: Closing) -> int:
        op.record(Check(op.subject, FacilityAction.RECORD_INTEREST, tuple(ids), authorized=True))
        cycles = await op.find_many(self._cycles, ids)
        facilities = await op.find_many(self._facilities, [each.facility_id for each in cycles.values()])
        count = 0
        for cycle in cycles.values():
            if cycle.awaits_posting:
                count += await self._post(op, facilities[cycle.facility_id], cycle, last_ended(closing))
        return count

    async def _post(self, op: Op, facility: Facility, cycle: Cycle, through: date) -> int:
        """Where several cycles are behind, the next ones accrue and are posted as well."""
        following: Cycle | None = cycle
        for count in range(MAX_CYCLES):
            if following is None or not following.awaits_posting:
                return count
            await self._interest.post_cycle(op, facility, following, due_date=following.period.end)
            following = await self._interest.find_open(op, facility)
            if following is not None:
                self._interest.accrue(op, facility, following, through)
        raise RuntimeError(f"facility {facility.id} has more than {MAX_CYCLES} cycles")
