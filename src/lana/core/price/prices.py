"""The price the bank goes by: fetched from its providers, accepted or not, fresh or stale.

A price is stale when nothing was accepted for longer than the age limit, in real time, whatever the bank's
clock says. A price far from the last one is not accepted, but shown and alarmed, unless providers agree on it
or staff set it by hand.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
import structlog

from lana.core.domain_config import Settings
from lana.core.price.accepted.entity import Accepted, AcceptedPrice
from lana.core.price.accepted.repo import AcceptedPriceRepo
from lana.core.price.config import AGE_LIMIT_SECONDS, DEVIATION_LIMIT_PCT
from lana.core.price.errors import AllProvidersFailed, NoActiveProviders, PriceStale
from lana.core.price.port import PriceFeed, QuoteFailed
from lana.core.price.primitives import PRICE_ID, ProviderKind
from lana.core.price.provider.entity import PriceProvider
from lana.core.price.provider.repo import PriceProviderRepo
from lana.core.price.public import PriceUpdated
from lana.core.price.quotes import Quote, is_acceptable, median
from lana.lib.authz import Ctx
from lana.lib.es.commands import Commands
from lana.lib.es.entity import DONE
from lana.lib.es.op import Op
from lana.lib.es.table import RowTable
from lana.lib.money import UsdCents
from lana.lib.pg.database import Database
from lana.lib.telemetry import counter, gauge

log = structlog.get_logger()

ACTOR: Final = "price"
REMEMBERED_SECONDS: Final = 1.0

STATUS: Final = RowTable(
    "price_status",
    ("id",),
    (
        ("id", "uuid"),
        ("fetched_at", "timestamptz"),
        ("rejected_price", "int8"),
        ("rejected_at", "timestamptz"),
    ),
)
_STATUS: Final = "select fetched_at, rejected_price, rejected_at from price_status where id = %b::uuid"

ACCEPTED = gauge("lana_price_accepted_cents", "The accepted price of a bitcoin, in US cents")
REJECTED = counter("lana_price_rejected_total", "Prices not accepted because they jumped too far")
FAILED = counter("lana_price_quotes_failed_total", "Quotes that failed", ("provider",))


class CurrentPrice(msgspec.Struct, frozen=True):
    """US cents of one bitcoin; `fresh` while it is not too old to act upon."""

    price: UsdCents
    fresh: bool


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """When a price was last accepted, in real time; one that was not, since then."""

    fetched_at: datetime | None = None
    rejected_price: UsdCents | None = None
    rejected_at: datetime | None = None


def _now() -> datetime:
    return datetime.now(UTC)


class Prices:
    """`feeds` by kind of provider; `real_now` tells real time."""

    def __init__(
        self,
        db: Database,
        settings: Settings,
        feeds: Mapping[ProviderKind, PriceFeed],
        *,
        real_now: Callable[[], datetime] = _now,
    ) -> None:
        self.repo = AcceptedPriceRepo(db)
        self.providers = PriceProviderRepo(db)
        self._db = db
        self._settings = settings
        self._feeds = feeds
        self._real_now = real_now
        self._status = Status()
        self._read_at = float("-inf")

    # --- for whoever decides upon a price -------------------------------------------------------------------

    async def current(self, op: Op) -> CurrentPrice | None:
        """Guarded: an Op that was decided at a price which is not accepted any more runs again."""
        found = await op.maybe_find(self.repo, PRICE_ID)
        return CurrentPrice(found.price, await self.is_fresh()) if found else None

    async def require_fresh(self, op: Op) -> UsdCents:
        """PriceStale."""
        found = await self.current(op)
        if found is None or not found.fresh:
            raise PriceStale("no price is accepted that is young enough to act upon")
        return found.price

    async def peek(self) -> CurrentPrice | None:
        """For reading."""
        found = await self.repo.peek(PRICE_ID)
        return CurrentPrice(found.price, await self.is_fresh()) if found else None

    async def is_fresh(self) -> bool:
        fetched_at = (await self.status()).fetched_at
        limit = timedelta(seconds=self._settings.get(AGE_LIMIT_SECONDS))
        return fetched_at is not None and self._real_now() - fetched_at <= limit

    async def status(self) -> Status:
        """Read at most once a second."""
        if time.monotonic() - self._read_at > REMEMBERED_SECONDS:
            rows = await self._db.fetch(_STATUS, [PRICE_ID])
            if rows:
                fetched_at, rejected_price, rejected_at = rows[0]
                self._status = Status(
                    fetched_at=fetched_at, rejected_price=rejected_price, rejected_at=rejected_at
                )
            self._read_at = time.monotonic()
        return self._status

    # --- fetching -------------------------------------------------------------------------------------------

    async def fetch(self, commands: Commands) -> bool:
        """Ask all active providers and accept what they say, or not. NoActiveProviders, AllProvidersFailed:
        the last price stays in force.
        """
        active = await self.providers.all_by("active", value=True)
        if not active:
            raise NoActiveProviders
        asked = await asyncio.gather(*map(self._ask, active))
        quotes = [quote for quote in asked if quote is not None]
        if not quotes:
            raise AllProvidersFailed(", ".join(provider.name for provider in active))
        accepted = await commands.run(Ctx.system(ACTOR), self.record, quotes, self._real_now())
        self._read_at = float("-inf")
        return accepted

    async def _ask(self, provider: PriceProvider) -> Quote | None:
        if provider.provider is ProviderKind.MANUAL_PRICE:
            price = provider.manual_price
            return Quote(provider=provider.name, price=price, by_hand=True) if price else None
        price = await self.latest_of(provider)
        return Quote(provider=provider.name, price=price) if price else None

    async def latest_of(self, provider: PriceProvider) -> UsdCents | None:
        """What it says this moment; None while it is switched off or says nothing."""
        if not provider.active:
            return None
        if provider.provider is ProviderKind.MANUAL_PRICE:
            return provider.manual_price
        try:
            return await self._feeds[provider.provider].last_price()
        except QuoteFailed as error:
            FAILED.labels(provider.name).inc()
            log.warning("no price", provider=provider.name, reason=str(error))
            return None

    async def record(self, op: Op, quotes: Sequence[Quote], fetched_at: datetime) -> bool:
        """Accept the median, or keep it as rejected; answers which."""
        accepted = await op.maybe_find(self.repo, PRICE_ID)
        chosen = median(quotes)
        last = accepted.price if accepted else None
        if not is_acceptable(quotes, last, self._settings.get(DEVIATION_LIMIT_PCT)):
            before = await self.status()
            op.put(STATUS, PRICE_ID, before.fetched_at, chosen.price, fetched_at)
            REJECTED.inc()
            log.error("price not accepted", price=chosen.price, last=last, providers=len(quotes))
            return False
        event = Accepted(price=chosen.price, fetched_at=fetched_at, provider=chosen.provider)
        changed = accepted is None or accepted.accept(event) is DONE
        if accepted is None:
            op.add(self.repo, AcceptedPrice.born(event))
        op.put(STATUS, PRICE_ID, fetched_at, None, None)
        ACCEPTED.set(chosen.price)
        if changed:
            op.publish(PriceUpdated(price=chosen.price, timestamp=op.now))
        return True
