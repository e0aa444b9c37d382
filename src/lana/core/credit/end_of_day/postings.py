"""Fourth: cycles whose periods are all accrued are posted, and the next ones begin."""

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
        return await self._pages.page(closing, cursor, last_ended(closing.day), self.post)

    async def post(self, op: Op, ids: list[UUID], closing: Closing) -> int:
        """Where several cycles are behind, the next ones accrue and are posted as well."""
        op.record(Check(op.subject, FacilityAction.RECORD_INTEREST, tuple(ids), authorized=True))
        cycles = await op.find_many(self._cycles, ids)
        facilities = await op.find_many(self._facilities, [each.facility_id for each in cycles.values()])
        through, count = last_ended(closing.day), 0
        for cycle in cycles.values():
            if cycle.awaits_posting:
                count += len(await self._interest.catch_up(op, facilities[cycle.facility_id], through))
        return count
