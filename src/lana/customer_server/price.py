"""The price of a bitcoin, as customers see it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from lana.core import price as core
from lana.customer_server.common import Info
from lana.lib.graphql import UsdCents

strawberry.enum(core.Interval, name="PriceInterval")


@strawberry.type
class RealtimePrice:
    usd_cents_per_btc: UsdCents
    fetched_at: datetime | None
    stale: bool


@strawberry.type
class PricePoint:
    at: datetime
    usd_cents_per_btc: UsdCents


@strawberry.type
class Query:
    @strawberry.field
    async def realtime_price(self, info: Info) -> RealtimePrice:
        seen = await info.context.app.price_providers.seen()
        return RealtimePrice(
            usd_cents_per_btc=UsdCents(seen.price), fetched_at=seen.status.fetched_at, stale=not seen.fresh
        )

    @strawberry.field
    async def price_history(
        self,
        info: Info,
        since: Annotated[datetime, strawberry.argument(name="from")],
        until: datetime,
        interval: core.Interval,
    ) -> list[PricePoint]:
        found = await info.context.app.price_history.between(since, until, interval)
        return [PricePoint(at=point.at, usd_cents_per_btc=UsdCents(point.price)) for point in found]
