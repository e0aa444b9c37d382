"""Second: loans whose day of maturity has come are matured."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from lana.core.credit.end_of_day.pages import Pages
from lana.core.credit.facility.repo import FacilityRepo
from lana.core.credit.primitives import Actor, FacilityAction
from lana.core.credit.public import FacilityMatured
from lana.core.credit.snapshots import told_facility
from lana.lib.authz import Check
from lana.lib.closing import Closing, PageDone
from lana.lib.es.commands import Commands
from lana.lib.es.entity import DONE
from lana.lib.es.op import Op
from lana.lib.pg.database import Database

_MATURE: Final = (
    "select id from credit_facilities where status = 'active' and maturity_date <= %b::date and id > %b::uuid"
    " order by id limit %b::int8"
)


class FacilityMaturities:
    """`Step`."""

    name: str = "facility-maturities"

    def __init__(self, db: Database, commands: Commands) -> None:
        self._pages = Pages(db, commands, Actor.OBLIGATION_SYNC, _MATURE)
        self._facilities = FacilityRepo(db)

    async def page(self, closing: Closing, cursor: str | None) -> PageDone:
        return await self._pages.page(closing, cursor, closing.day, self.mature)

    async def mature(self, op: Op, ids: list[UUID], closing: Closing) -> int:
        action = FacilityAction.UPDATE_COLLATERALIZATION_STATE
        op.record(Check(op.subject, action, tuple(ids), authorized=True))
        count = 0
        for facility in (await op.find_many(self._facilities, ids)).values():
            if facility.mature(closing.day) is DONE:
                op.publish(told_facility(FacilityMatured, facility))
                count += 1
        return count
