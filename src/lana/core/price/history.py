"""What the price was: at evenly spaced instants of the bank's time, for charts."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from typing import Final, cast

import msgspec

from lana.core.price.errors import WindowTooWide
from lana.core.time import BankTime
from lana.lib.money import UsdCents
from lana.lib.pg.database import Database

MAX_POINTS: Final = 2_000

# one look into the index for each instant
_AT: Final = """
select m.at, h.price
  from generate_series(%b::timestamptz, %b::timestamptz, %b::int8 * interval '1 second') as m(at)
  cross join lateral (
      select price from price_history where price_history.at <= m.at
       order by price_history.at desc, version desc limit 1) h
 order by m.at
"""


class Interval(Enum):
    """Between two points, in seconds."""

    MINUTE = 60
    HOUR = 3_600
    DAY = 86_400


class PricePoint(msgspec.Struct, frozen=True):
    """The price in force at an instant."""

    at: datetime
    price: UsdCents


class PriceHistory:
    def __init__(self, db: Database, bank_time: BankTime) -> None:
        self._db = db
        self._bank_time = bank_time

    async def between(self, since: datetime, until: datetime, interval: Interval) -> list[PricePoint]:
        """Oldest first, `since` included; nothing before the first price or after now. WindowTooWide."""
        until = min(until, self._bank_time.now())
        if (until - since) / timedelta(seconds=interval.value) >= MAX_POINTS:
            last = since + timedelta(seconds=interval.value) * (MAX_POINTS - 1)
            raise WindowTooWide(
                f"at most {MAX_POINTS} points are answered at once, here until {last.isoformat()}",
                field="from",
            )
        rows = await self._db.fetch(_AT, [since, until, interval.value])
        return [PricePoint(row[0], cast("UsdCents", row[1])) for row in rows]
