"""The price of a bitcoin and who tells it, as staff see them."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

from lana.admin_server.common import Info
from lana.core import price as core
from lana.lib.graphql import Connection, UsdCents, connection, entity, order_of
from lana.lib.pg.page import Direction, Page

strawberry.enum(core.Interval, name="PriceInterval")


@strawberry.type
class RealtimePrice:
    """`rejectedPrice` is what the last fetch offered and the bank did not believe."""

    usd_cents_per_btc: UsdCents
    fetched_at: datetime | None
    stale: bool
    rejected_price: UsdCents | None

    @classmethod
    def of(cls, seen: core.SeenPrice) -> RealtimePrice:
        return cls(
            usd_cents_per_btc=UsdCents(seen.price),
            fetched_at=seen.status.fetched_at,
            stale=not seen.fresh,
            rejected_price=seen.status.rejected_price,
        )


@strawberry.type
class PricePoint:
    at: datetime
    usd_cents_per_btc: UsdCents


@entity("priceProviderId")
class PriceProvider:
    told_by: strawberry.Private[core.PriceProvider]
    price_provider_id: UUID
    name: str
    provider: str
    active: bool
    created_at: datetime

    @classmethod
    def of(cls, provider: core.PriceProvider) -> PriceProvider:
        return cls(
            told_by=provider,
            price_provider_id=provider.id,
            name=provider.name,
            provider=provider.provider.value,
            active=provider.active,
            created_at=provider.created_at,
        )

    @strawberry.field
    async def latest_price(self, info: Info) -> UsdCents | None:
        """Asked this moment; null while it is switched off or says nothing."""
        found = await info.context.app.price_providers.latest_of(self.told_by)
        return None if found is None else UsdCents(found)


@strawberry.input
class BitfinexCreateInput:
    name: str


@strawberry.input
class ManualPriceConfigInput:
    usd_cents_per_btc: int


@strawberry.input
class PriceProviderConfigInput:
    """Exactly one of its fields."""

    bitfinex: BitfinexCreateInput | None = None
    manual_price: ManualPriceConfigInput | None = None

    def to_core(self) -> list[core.ProviderConfig]:
        given: list[core.ProviderConfig] = []
        if self.bitfinex:
            given.append(core.BitfinexConfig(name=self.bitfinex.name))
        if self.manual_price:
            cents = UsdCents(self.manual_price.usd_cents_per_btc)
            given.append(core.ManualPriceConfig(usd_cents_per_btc=cents))
        return given


@strawberry.input
class PriceProviderConfigUpdateInput:
    price_provider_id: UUID
    config: PriceProviderConfigInput


@strawberry.type
class PriceProviderConfigUpdatePayload:
    price_provider: PriceProvider


@strawberry.input
class PriceProviderActivateInput:
    price_provider_id: UUID


@strawberry.type
class PriceProviderActivatePayload:
    price_provider: PriceProvider


@strawberry.input
class PriceProviderDeactivateInput:
    price_provider_id: UUID


@strawberry.type
class PriceProviderDeactivatePayload:
    price_provider: PriceProvider


@strawberry.enum
class PriceProvidersSortBy(Enum):
    NAME = "name"
    CREATED_AT = "created_at"


@strawberry.input
class PriceProvidersSort:
    by: PriceProvidersSortBy = PriceProvidersSortBy.CREATED_AT
    direction: Direction = Direction.DESC


@strawberry.type
class Query:
    @strawberry.field
    async def realtime_price(self, info: Info) -> RealtimePrice:
        return RealtimePrice.of(await info.context.app.price_providers.seen())

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

    @strawberry.field
    async def price_providers(
        self,
        info: Info,
        first: int,
        after: str | None = None,
        sort: PriceProvidersSort | None = PriceProvidersSort(),
    ) -> Connection[PriceProvider]:
        providers, ctx = info.context.app.price_providers, info.context.ctx
        found = await providers.list(ctx, Page(first, after), order_of(sort))
        return connection(found, PriceProvider.of)


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def price_provider_config_update(
        self, info: Info, input: PriceProviderConfigUpdateInput
    ) -> PriceProviderConfigUpdatePayload:
        verb = info.context.app.price_providers.update_config
        provider = await info.context.command(verb, input.price_provider_id, *input.config.to_core())
        return PriceProviderConfigUpdatePayload(price_provider=PriceProvider.of(provider))

    @strawberry.mutation
    async def price_provider_activate(
        self, info: Info, input: PriceProviderActivateInput
    ) -> PriceProviderActivatePayload:
        provider = await info.context.command(
            info.context.app.price_providers.activate, input.price_provider_id
        )
        return PriceProviderActivatePayload(price_provider=PriceProvider.of(provider))

    @strawberry.mutation
    async def price_provider_deactivate(
        self, info: Info, input: PriceProviderDeactivateInput
    ) -> PriceProviderDeactivatePayload:
        provider = await info.context.command(
            info.context.app.price_providers.deactivate, input.price_provider_id
        )
        return PriceProviderDeactivatePayload(price_provider=PriceProvider.of(provider))
