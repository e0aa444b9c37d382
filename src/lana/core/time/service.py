"""Use cases of the bank's time."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import msgspec

from lana.core.domain_config import EXPOSED_READ, EXPOSED_WRITE
from lana.core.time.bank_time import BankTime
from lana.core.time.clock.entity import CLOCK_ID, BankClock, Started
from lana.core.time.clock.errors import TimeAdvanceFailed, TimeAdvanceUnavailable
from lana.core.time.clock.repo import BankClockRepo
from lana.lib.authz import Authorizer, Ctx, Scope
from lana.lib.clock import ManualClock
from lana.lib.es.commands import Commands
from lana.lib.es.entity import ALREADY
from lana.lib.es.op import Op


class TimeState(msgspec.Struct, frozen=True):
    current_date: date
    current_time: datetime
    next_end_of_day_at: datetime
    timezone: ZoneInfo
    end_of_day_time: time
    can_advance: bool


class TimeService:
    def __init__(self, bank_time: BankTime, repo: BankClockRepo, authz: Authorizer) -> None:
        self.bank_time = bank_time
        self.repo = repo
        self.authz = authz

    async def state(self, ctx: Scope) -> TimeState:
        self.authz.enforce(ctx, EXPOSED_READ)
        return self._state_at(self.bank_time.now())

    def check_may_watch(self, ctx: Scope) -> None:
        """The ends of days are for whoever may see the bank's time."""
        self.authz.enforce(ctx, EXPOSED_READ)

    async def advance_to_next_end_of_day(self, op: Op) -> BankClock:
        self.authz.enforce(op, EXPOSED_WRITE)
        if not self.bank_time.clock.is_manual:
            raise TimeAdvanceUnavailable("the clock is the real one")
        clock = await op.find(self.repo, CLOCK_ID)
        if clock.advance(self.bank_time.next_closing(clock.at)) is ALREADY:
            raise TimeAdvanceFailed("the clock did not move")
        return clock

    async def after_advance(self, clock: BankClock) -> TimeState:
        """The bank's time as an advance left it; this process sees it from now on."""
        await self._look()
        return self._state_at(clock.at)

    async def start(self, commands: Commands) -> None:
        """At every start: the bank has one clock, and this process reads it."""
        await commands.run(Ctx.system("bootstrap"), self.start_clock)
        await self._look()

    async def _look(self) -> None:
        if isinstance(self.bank_time.clock, ManualClock):
            await self.bank_time.clock.refresh()

    async def start_clock(self, op: Op) -> BankClock | None:
        """At a start with a manual clock: the bank's first process sets it, the others find it."""
        if not self.bank_time.clock.is_manual:
            return None
        known = await op.maybe_find(self.repo, CLOCK_ID)
        return known or op.add(self.repo, BankClock.born(Started(id=CLOCK_ID, at=self.bank_time.now())))

    def _state_at(self, instant: datetime) -> TimeState:
        return TimeState(
            current_date=self.bank_time.date_of(instant),
            current_time=instant,
            next_end_of_day_at=self.bank_time.next_closing(instant),
            timezone=self.bank_time.zone,
            end_of_day_time=self.bank_time.closing_time,
            can_advance=self.bank_time.clock.is_manual,
        )
