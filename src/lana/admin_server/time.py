"""The bank's time."""

from __future__ import annotations

from datetime import date, datetime

import strawberry

from lana.admin_server.common import Info
from lana.core.time import TimeState


@strawberry.type
class Time:
    current_date: date
    current_time: datetime
    next_end_of_day_at: datetime
    timezone: str
    end_of_day_time: str
    can_advance_to_next_end_of_day: bool

    @classmethod
    def of(cls, state: TimeState) -> Time:
        return cls(
            current_date=state.current_date,
            current_time=state.current_time,
            next_end_of_day_at=state.next_end_of_day_at,
            timezone=state.timezone.key,
            end_of_day_time=state.end_of_day_time.isoformat("seconds"),
            can_advance_to_next_end_of_day=state.can_advance,
        )


@strawberry.type
class Query:
    @strawberry.field
    async def time(self, info: Info) -> Time:
        request = info.context
        return Time.of(await request.app.time.state(request.ctx))


@strawberry.type
class TimeAdvanceToNextEndOfDayPayload:
    time: Time


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def time_advance_to_next_end_of_day(self, info: Info) -> TimeAdvanceToNextEndOfDayPayload:
        request = info.context
        clock = await request.command(request.app.time.advance_to_next_end_of_day)
        return TimeAdvanceToNextEndOfDayPayload(time=Time.of(await request.app.time.after_advance(clock)))
