"""The price the bank goes by: fetched from its providers, accepted or not, fresh or stale.

A price is stale when nothing was accepted for longer than the age limit, in real time, whatever the bank's
clock says. A price far from the last one is not accepted, but shown and alarmed, unless providers agree on it
or staff set it by hand.

Cost of `current`, `require_fresh` and `peek`: the load of one row, shared with whoever else wants it at that
moment; freshness comes with it. Hosts of one bank must agree on real time to a few seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
import structlog

from lana.core.domain_config import Settings
from lana.core.price.accepted.entity import Accepted, AcceptedPrice, Initialized, Status
from lana.core.price.accepted.repo import AcceptedPriceRepo
from lana.core.price.config import AGE_LIMIT_SECONDS, DEVIATION_LIMIT_PCT
from lana.core.price.errors import AllProvidersFailed, NoActiveProviders, PriceStale
from lana.core.price.port import PriceFeed, QuoteFailed
from lana.core.price.primitives import PRICE_ID, ProviderKind
from lana.core.price.provider.entity import PriceProvider
from lana.core.price.provider.repo import PriceProviderRepo
from lana.core.price.public import PriceUpdated
from lana.core.price.quotes import Judged, Quote, judged
from lana.lib.authz import Ctx
from lana.lib.es.commands import Commands
from lana.lib.es.entity import DONE
from lana.lib.es.op import Op
from lana.lib.es.table import RowTable
from lana.lib.money import UsdCents
from lana.lib.pg.database import Database
from lana.lib.tasks import end_if_cancelled
from lana.lib.telemetry import counter, gauge

log = structlog.get_logger()

ACTOR: Final = "price"
ASKED_AT_ONCE: Final = 8
ANSWER_SECONDS: Final = 10.0

STATUS: Final = RowTable(
    "price_status",
    ("id",),
    (
        ("id", "uuid"),
        ("fetched_at", "timestamptz"),
        ("standing", "bool"),
        ("rejected_price", "int8"),
        ("rejected_at", "timestamptz"),
    ),
)
HISTORY: Final = RowTable(
    "price_history",
    ("version",),
    (("version", "int8"), ("at", "timestamptz"), ("fetched_at", "timestamptz"), ("price", "int8")),
)

ACCEPTED = gauge("lana_price_accepted_cents", "The accepted price of a bitcoin, in US cents")
FETCHED = gauge("lana_price_accepted_timestamp_seconds", "When a price was last accepted, in real time")
REJECTED = counter("lana_price_rejected_total", "Prices not accepted because they jumped too far")
FAILED = counter("lana_price_quotes_failed_total", "Quotes that failed", ("provider",))


class SeenPrice(msgspec.Struct, frozen=True, kw_only=True):
    """The accepted price with all that is known of it, of one moment."""

    price: UsdCents
    fresh: bool
    status: Status


class CurrentPrice(msgspec.Struct, frozen=True):
    """US cents of one bitcoin; `fresh` while it is not too old to act upon."""

    price: UsdCents
    fresh: bool


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
        self._settings = settings
        self._feeds = feeds
        self._real_now = real_now
        self._asking = asyncio.Semaphore(ASKED_AT_ONCE)

    # --- for whoever decides upon a price -------------------------------------------------------------------

    async def current(self, op: Op) -> CurrentPrice | None:
        """Guarded: an Op that was decided at a price which is not accepted any more runs again."""
        return self._seen(await op.maybe_find(self.repo, PRICE_ID))

    async def require_fresh(self, op: Op) -> UsdCents:
        """PriceStale."""
        found = await self.current(op)
        if found is None or not found.fresh:
            raise PriceStale("no price is accepted that is young enough to act upon")
        return found.price

    async def peek(self) -> CurrentPrice | None:
        """For reading."""
        return self._seen(await self.repo.peek(PRICE_ID))

    async def see(self) -> SeenPrice | None:
        """For whoever shows it."""
        found = await self.repo.peek(PRICE_ID)
        current = self._seen(found)
        if found is None or current is None:
            return None
        return SeenPrice(price=current.price, fresh=current.fresh, status=found.status)

    def was_stale(self, before: SeenPrice, now: SeenPrice) -> bool:
        """Whether it was, at some moment from one look to the other: what the first one saw was, or would be
        by now had nobody fetched since.
        """
        fetched = now.status.fetched_at != before.status.fetched_at
        return not before.fresh or (fetched and not self._is_young(before.status.fetched_at))

    def _seen(self, accepted: AcceptedPrice | None) -> CurrentPrice | None:
        if accepted is None or accepted.price is None:
            return None
        status = accepted.status
        return CurrentPrice(accepted.price, status.standing or self._is_young(status.fetched_at))

    def _is_young(self, fetched_at: datetime | None) -> bool:
        limit = timedelta(seconds=self._settings.get(AGE_LIMIT_SECONDS))
        return fetched_at is not None and self._real_now() - fetched_at <= limit

    # --- fetching -------------------------------------------------------------------------------------------

    async def fetch(self, commands: Commands) -> bool:
        """Ask all active providers and accept what they say, or not. NoActiveProviders, AllProvidersFailed:
        the last price stays in force.
        """
        active = await self.providers.active()
        if not active:
            raise NoActiveProviders
        asked = await asyncio.gather(*map(self._ask, active))
        quotes = [quote for quote in asked if quote is not None]
        if not quotes:
            raise AllProvidersFailed(", ".join(provider.name for provider in active))
        fetched_at = self._real_now()
        found = await commands.run(Ctx.system(ACTOR), self.record, quotes, fetched_at)
        if found.rejected:
            REJECTED.inc()
            log.error("price not accepted", price=found.rejected.price, providers=len(quotes))
        if found.accepted:
            ACCEPTED.set(found.accepted.price)
            FETCHED.set(fetched_at.timestamp())
        return found.accepted is not None

    async def _ask(self, provider: PriceProvider) -> Quote | None:
        if provider.provider is ProviderKind.MANUAL_PRICE:
            return _set_by_hand(provider)
        price = await self.latest_of(provider)
        return Quote(provider=provider.provider, price=price) if price else None

    async def latest_of(self, provider: PriceProvider) -> UsdCents | None:
        """What it says this moment; None while it is switched off or says nothing."""
        if not provider.active:
            return None
        if provider.provider is ProviderKind.MANUAL_PRICE:
            return provider.manual_price
        try:
            async with self._asking, asyncio.timeout(ANSWER_SECONDS):
                return await self._feeds[provider.provider].last_price()
        except QuoteFailed as error:
            reason = str(error)
        except Exception as error:  # noqa: BLE001 - one source's fault must not silence the others
            end_if_cancelled(error)
            reason = repr(error)
        FAILED.labels(provider.provider).inc()
        log.warning("no price", provider=provider.provider.value, reason=reason)
        return None

    async def record(self, op: Op, quotes: Sequence[Quote], fetched_at: datetime) -> Judged:
        """Judge what was quoted. NoActiveProviders, AllProvidersFailed.

        Providers are guarded: one switched off or set anew since it was asked is not taken at its old word.
        """
        accepted = await op.find(self.repo, PRICE_ID)
        quotes = await self._still_said(op, quotes)
        found = judged(quotes, accepted.price, self._settings.get(DEVIATION_LIMIT_PCT))
        before = accepted.status
        status = Status(fetched_at=before.fetched_at, standing=False)
        if found.accepted is not None:
            quote = found.accepted
            latest = max(fetched_at, before.fetched_at or fetched_at)
            status = Status(fetched_at=latest, standing=quote.by_hand)
            event = Accepted(price=quote.price, fetched_at=fetched_at, provider=quote.provider)
            if accepted.accept(event) is DONE:
                op.put(HISTORY, accepted.version, op.now, fetched_at, quote.price)
                op.publish(PriceUpdated(price=quote.price, timestamp=op.now))
        if found.rejected is not None:
            status = msgspec.structs.replace(
                status, rejected_price=found.rejected.price, rejected_at=fetched_at
            )
        _put(op, status)
        return found

    async def _still_said(self, op: Op, quotes: Sequence[Quote]) -> list[Quote]:
        """Of the providers that are active now; of staff's, what is set now."""
        ids = [provider.id for provider in await self.providers.active()]
        active = [one for one in (await op.find_many(self.providers, ids)).values() if one.active]
        if not active:
            raise NoActiveProviders
        kinds = {provider.provider.value for provider in active}
        said = [quote for quote in quotes if not quote.by_hand and quote.provider in kinds]
        said += [quote for quote in map(_set_by_hand, active) if quote is not None]
        if not said:
            raise AllProvidersFailed(", ".join(provider.name for provider in active))
        return said

    async def stand_no_longer(self, op: Op) -> None:
        """What staff had set is set no longer, so its age counts from now.

        Written whether or not it stood: a fetch that would make it stand guards the provider that this Op
        writes, so it comes before, or is judged again.
        """
        status = (await op.find(self.repo, PRICE_ID)).status
        since = self._real_now() if status.standing else status.fetched_at
        _put(op, msgspec.structs.replace(status, fetched_at=since, standing=False))

    async def ensure(self, op: Op) -> None:
        """The entity, without a price."""
        if await op.maybe_find(self.repo, PRICE_ID) is None:
            op.add(self.repo, AcceptedPrice.born(Initialized(id=PRICE_ID)))


def _set_by_hand(provider: PriceProvider) -> Quote | None:
    price = provider.manual_price
    return Quote(provider=provider.provider, price=price, by_hand=True) if price else None


def _put(op: Op, status: Status) -> None:
    op.put(
        STATUS,
        PRICE_ID,
        status.fetched_at,
        status.standing,
        status.rejected_price,
        status.rejected_at,
    )
