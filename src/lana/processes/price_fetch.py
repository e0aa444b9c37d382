"""The price is fetched every minute of real time, by one worker at a time, whatever the bank's clock says.

A turn belongs to whoever takes the row first; a worker that dies in its turn costs one fetch.
"""

from __future__ import annotations

import asyncio
from typing import Final

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from lana.core.price import AllProvidersFailed, NoActiveProviders, Prices
from lana.lib.errors import Busy, ConcurrentModification
from lana.lib.es.commands import Commands
from lana.lib.pg.database import Database
from lana.lib.tasks import end_if_cancelled, going_on
from lana.lib.telemetry import counter

log = structlog.get_logger()

EVERY_SECONDS: Final = 60
LOOK_SECONDS: Final = 2.0

FETCHES: Final = counter(
    "lana_price_fetches_total", "Fetches of the price: accepted, rejected, failed", ("outcome",)
)

_TAKE: Final = (
    "update price_turn set taken_at = clock_timestamp()"
    " where taken_at <= clock_timestamp() - make_interval(secs => %b::int8::int) returning taken_at"
)


class PriceFetch:
    def __init__(self, db: Database, commands: Commands, prices: Prices) -> None:
        self._db = db
        self._commands = commands
        self._prices = prices

    async def run(self) -> None:
        while going_on():
            try:
                await self.look()
            except (psycopg.Error, PoolTimeout, Busy, ConcurrentModification) as error:
                end_if_cancelled(error)
                log.warning("price not fetched", reason=str(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> bool:
        """Fetch if it is time and nobody else does; answers whether it was."""
        if not await self._db.fetch(_TAKE, [EVERY_SECONDS]):
            return False
        try:
            accepted = await self._prices.fetch(self._commands)
        except (NoActiveProviders, AllProvidersFailed) as refusal:
            log.warning("no price fetched, the last one stays", reason=str(refusal))
            FETCHES.labels("failed").inc()
        else:
            FETCHES.labels("accepted" if accepted else "rejected").inc()
        return True
