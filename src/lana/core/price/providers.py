"""Staff's use of price providers, and the two every bank begins with."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from lana.core.price import primitives as p
from lana.core.price.errors import InvalidProviderConfig, NameTaken, NoPrice
from lana.core.price.prices import Prices, SeenPrice
from lana.core.price.provider.entity import (
    BitfinexConfig,
    Initialized,
    ManualPriceConfig,
    PriceProvider,
    ProviderConfig,
)
from lana.core.price.provider.repo import PriceProviderRepo
from lana.lib.authz import Authorizer, Ctx, Scope
from lana.lib.errors import ConcurrentModification
from lana.lib.es.commands import Commands
from lana.lib.es.entity import DONE
from lana.lib.es.op import Op
from lana.lib.money import UsdCents
from lana.lib.pg.database import Database
from lana.lib.pg.page import Found, Order, Page

NAME_SPACE: Final = "price-provider.name"

BITFINEX: Final = "Bitfinex"
MANUAL_PRICE: Final = "Manual Price"
KIND_SPACE: Final = "price-provider.provider"
MAX_TRIES: Final = 5


# staff need not wait for the minute to be over
_FETCH_SOON: Final = (
    "update price_turn set taken_at = '-infinity' where %b::int8 <> all(current_setting('lana.dead')::int8[])"
)


class PriceProviders:
    def __init__(self, db: Database, authz: Authorizer, prices: Prices) -> None:
        self.repo = PriceProviderRepo(db)
        self._authz = authz
        self._prices = prices

    async def update_config(self, op: Op, provider_id: UUID, *given: ProviderConfig) -> PriceProvider:
        """Exactly one config is given. InvalidProviderConfig, NameTaken."""
        self._authz.enforce(op, p.PROVIDER_UPDATE, provider_id)
        if len(given) != 1:
            raise InvalidProviderConfig(f"{len(given)} kinds of provider given", field="config")
        (config,) = given
        provider = await op.find(self.repo, provider_id)
        name = provider.name
        if provider.update_config(config) is DONE:
            if provider.name != name:
                op.claim(NAME_SPACE, provider.name, NameTaken(provider.name))
                op.release(NAME_SPACE, name)
            if isinstance(config, ManualPriceConfig):
                await self._prices.stand_no_longer(op)
            op.execute(_FETCH_SOON)
        return provider

    async def activate(self, op: Op, provider_id: UUID) -> PriceProvider:
        self._authz.enforce(op, p.PROVIDER_UPDATE, provider_id)
        provider = await op.find(self.repo, provider_id)
        if provider.activate() is DONE:
            op.execute(_FETCH_SOON)
        return provider

    async def deactivate(self, op: Op, provider_id: UUID) -> PriceProvider:
        self._authz.enforce(op, p.PROVIDER_UPDATE, provider_id)
        provider = await op.find(self.repo, provider_id)
        if provider.deactivate() is DONE and provider.provider is p.ProviderKind.MANUAL_PRICE:
            await self._prices.stand_no_longer(op)
        return provider

    async def set_by_hand(self, op: Op, price: UsdCents) -> PriceProvider:
        """What staff say a bitcoin costs, from the next fetch on: the manual provider set and switched on."""
        manual = await self.repo.maybe_by("provider", p.ProviderKind.MANUAL_PRICE.value)
        if manual is None:
            raise InvalidProviderConfig("this bank has no manual provider")
        await self.update_config(op, manual.id, ManualPriceConfig(price))
        return await self.activate(op, manual.id)

    async def list(self, ctx: Scope, page: Page, order: Order | None = None) -> Found[PriceProvider]:
        """By `created_at` or `name`."""
        self._authz.enforce(ctx, p.PROVIDER_LIST)
        return await self.repo.list(page, order)

    async def latest_of(self, provider: PriceProvider) -> UsdCents | None:
        return await self._prices.latest_of(provider)

    async def seen(self) -> SeenPrice:
        """What the bank goes by, for whoever is logged in. NoPrice before the first."""
        found = await self._prices.see()
        if found is None:
            raise NoPrice("none was accepted yet, ask again")
        return found

    async def ensure(self, op: Op) -> None:
        """What every bank begins with, as far as it is not there."""
        await self._prices.ensure(op)
        wanted = (
            (BITFINEX, p.ProviderKind.BITFINEX, BitfinexConfig(name=BITFINEX), True),
            (MANUAL_PRICE, p.ProviderKind.MANUAL_PRICE, ManualPriceConfig(UsdCents(0)), False),
        )
        for name, kind, config, active in wanted:
            if await self.repo.maybe_by("provider", kind.value) is None:
                self._create(
                    op, Initialized(id=op.new_id(), name=name, provider=kind, config=config, active=active)
                )

    def _create(self, op: Op, event: Initialized) -> None:
        self._authz.enforce(op, p.PROVIDER_CREATE)
        # processes that start together: the second begins again and finds what the first made
        op.claim(KIND_SPACE, event.provider.value, ConcurrentModification())
        op.claim(NAME_SPACE, event.name, ConcurrentModification())
        op.add(self.repo, PriceProvider.born(event))


async def ensure_providers(commands: Commands, providers: PriceProviders) -> None:
    """At every start, whoever comes first."""
    for _ in range(MAX_TRIES):
        try:
            return await commands.run(Ctx.system("bootstrap"), providers.ensure)
        except ConcurrentModification:
            continue
    raise ConcurrentModification(f"price providers: gave up after {MAX_TRIES} tries")
