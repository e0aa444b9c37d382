"""Publishes one `EndOfDay` per closed day, in order, each in its own Op with its checkpoint."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final, cast

from lana.core.time import BankTime, EndOfDay
from lana.lib.authz import Ctx
from lana.lib.clock import closing_instant
from lana.lib.errors import Refusal
from lana.lib.es.commands import Commands
from lana.lib.es.op import Op
from lana.lib.es.table import RowTable
from lana.lib.pg.database import Database

ACTOR: Final = "end-of-day"
NAME: Final = "producer"
MAX_DAYS: Final = 31

CHECKPOINT: Final = RowTable(
    "end_of_day_checkpoint", ("name",), (("name", "text"), ("last_published_day", "date"))
)
RUN: Final = RowTable(
    "end_of_day_runs",
    ("day",),
    (("day", "date"), ("closing_time", "timestamptz"), ("timezone", "text"), ("state", "text")),
)


class AlreadyPublished(Refusal):
    """Another process published this day."""


class Producer:
    def __init__(self, db: Database, commands: Commands, bank_time: BankTime) -> None:
        self._db: Database = db
        self._commands: Commands = commands
        self._time: BankTime = bank_time

    async def produce(self) -> int:
        """Publish what is missing, at most `MAX_DAYS` at a time; the bank's first run only remembers where it
        stands.
        """
        target = self._time.last_closed_day()
        last = await self.last_published_day()
        if last is None:
            await self._commands.run(Ctx.system(ACTOR), self.remember, target)
            return 0
        days = [last + timedelta(days=n) for n in range(1, min((target - last).days, MAX_DAYS) + 1)]
        for day in days:
            await self._publish(day)
        return len(days)

    async def last_published_day(self) -> date | None:
        rows = await self._db.fetch(
            "select last_published_day from end_of_day_checkpoint where name = %b::text", [NAME]
        )
        return cast("date", rows[0][0]) if rows else None

    async def _publish(self, day: date) -> None:
        try:
            await self._commands.run(Ctx.system(ACTOR), self.publish, day)
        except AlreadyPublished:
            await self._commands.run(Ctx.system(ACTOR), self.remember, day)

    async def publish(self, op: Op, day: date) -> None:
        zone = self._time.zone
        instant = closing_instant(day, zone, self._time.closing_time)
        op.claim("end-of-day", day.isoformat(), AlreadyPublished(day))
        op.put(CHECKPOINT, NAME, day)
        op.put(RUN, day, instant, zone.key, "pending")
        op.publish(EndOfDay(day=day, closing_time=instant, timezone=zone.key))

    async def remember(self, op: Op, day: date) -> None:
        op.put(CHECKPOINT, NAME, day)
