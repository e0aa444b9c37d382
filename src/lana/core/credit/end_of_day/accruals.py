"""Third: every period that has ended accrues, on the principal outstanding when the run comes to it."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from lana.core.credit.cycle.repo import CycleRepo
from lana.core.credit.end_of_day.pages import Pages
from lana.core.credit.facility.repo import FacilityRepo
from lana.core.credit.interest import Interest, last_ended
from lana.core.credit.primitives import Actor, FacilityAction
from lana.lib.authz import Check
from lana.lib.closing import Closing, PageDone
from lana.lib.es.commands import Commands
from lana.lib.es.op import Op
from lana.lib.pg.database import Database

_ACCRUING: Final = (
    "select id from interest_accrual_cycles where next_accrual_on <= %b::date and id > %b::uuid"
    " order by id limit %b::int8"
)


class InterestAccruals:
    """`Step`."""

    name: str = "interest-accruals"

    def __init__(self, db: Database, commands: Commands, interest: Interest) -> None:
        self._pages = Pages(db, commands, Actor.INTEREST_ACCRUAL, _ACCRUING)
        self._cycles = CycleRepo(db)
        self._facilities = FacilityRepo(db)
        self._interest = interest

    async def page(self, closing: Closing, cursor: str | None) -> PageDone:
        return await self._pages.page(closing, cursor, last_ended(closing.day), self.accrue)

    async def accrue(self, op: Op, ids: list[UUID], closing: Closing) -> int:
        op.record(Check(op.subject, FacilityAction.RECORD_INTEREST, tuple(ids), authorized=True))
        cycles = await op.find_many(self._cycles, ids)
        facilities = await op.find_many(self._facilities, [each.facility_id for each in cycles.values()])
        through, count = last_ended(closing.day), 0
        for cycle in cycles.values():
            facility = facilities[cycle.facility_id]
            if facility.accrues:
                count += self._interest.accrue(op, facility, cycle, through)
        return count
