"""Staff's use of price providers, and the two every bank begins with."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from lana.core.price import primitives as p
from lana.core.price.errors import InvalidProviderConfig, NoPrice
from lana.core.price.prices import CurrentPrice, Prices
from lana.core.price.provider.entity import (
    BitfinexConfig,
    Initialized,
    ManualPriceConfig,
    PriceProvider,
    ProviderConfig,
)
from lana.core.price.provider.repo import PriceProviderRepo
from lana.lib.authz import Authorizer, Ctx, Scope
from lana.lib.errors import Refusal
from lana.lib.es.commands import Commands
from lana.lib.es.op import Op
from lana.lib.es.repo import StoredEvent
from lana.lib.money import UsdCents
from lana.lib.pg.database import Database
from lana.lib.pg.page import Found, Order, Page

NAME_SPACE: Final = "price-provider.name"

BITFINEX: Final = "Bitfinex"
MANUAL_PRICE: Final = "Manual Price"


class ProviderExists(Refusal):
    """Made by another process at the same moment."""

    prefix = "PriceProviderError"


class PriceProviders:
    def __init__(self, db: Database, authz: Authorizer, prices: Prices) -> None:
        self.repo = PriceProviderRepo(db)
        self._authz = authz
        self._prices = prices

    async def update_config(self, op: Op, provider_id: UUID, config: ProviderConfig) -> PriceProvider:
        """InvalidProviderConfig."""
        self._authz.enforce(op, p.PROVIDER_UPDATE, provider_id)
        if isinstance(config, ManualPriceConfig) and config.usd_cents_per_btc < 0:
            raise InvalidProviderConfig("a price is not below 0", field="usdCentsPerBtc")
        provider = await op.find(self.repo, provider_id)
        provider.update_config(config)
        return provider

    async def activate(self, op: Op, provider_id: UUID) -> PriceProvider:
        self._authz.enforce(op, p.PROVIDER_UPDATE, provider_id)
        provider = await op.find(self.repo, provider_id)
        provider.activate()
        return provider

    async def deactivate(self, op: Op, provider_id: UUID) -> PriceProvider:
        self._authz.enforce(op, p.PROVIDER_UPDATE, provider_id)
        provider = await op.find(self.repo, provider_id)
        provider.deactivate()
        return provider

    async def list(self, ctx: Scope, page: Page, order: Order | None = None) -> Found[PriceProvider]:
        """By `created_at` or `name`."""
        self._authz.enforce(ctx, p.PROVIDER_LIST)
        return await self.repo.list(page, order)

    async def latest_of(self, provider: PriceProvider) -> UsdCents | None:
        return await self._prices.latest_of(provider)

    async def realtime(self) -> CurrentPrice:
        """What the bank goes by, for whoever is logged in. NoPrice before the first."""
        found = await self._prices.peek()
        if found is None:
            raise NoPrice
        return found

    async def history(self, ctx: Scope, *, before: int | None, limit: int) -> list[StoredEvent]:
        """Accepted prices, newest first."""
        self._authz.enforce(ctx, p.PROVIDER_LIST)
        return await self._prices.repo.events(p.PRICE_ID, before=before, limit=limit)


async def ensure_providers(commands: Commands, providers: PriceProviders) -> None:
    """At every start, whoever comes first."""
    wanted = (
        (BITFINEX, p.ProviderKind.BITFINEX, BitfinexConfig(name=BITFINEX), True),
        (MANUAL_PRICE, p.ProviderKind.MANUAL_PRICE, ManualPriceConfig(UsdCents(0)), False),
    )
    for name, kind, config, active in wanted:
        if await providers.repo.maybe_by("name", name) is not None:
            continue

        async def create(
            op: Op,
            name: str = name,
            kind: p.ProviderKind = kind,
            config: ProviderConfig = config,
            active: bool = active,
        ) -> None:
            op.claim(NAME_SPACE, name, ProviderExists(name))
            event = Initialized(id=op.new_id(), name=name, provider=kind, config=config, active=active)
            op.add(providers.repo, PriceProvider.born(event))

        try:
            await commands.run(Ctx.system("price"), create)
        except ProviderExists:
            continue
