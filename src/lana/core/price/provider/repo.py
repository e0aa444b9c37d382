"""Providers by id, kind and name."""

from __future__ import annotations

from typing import ClassVar, Final

from lana.core.price.provider.entity import PriceProvider
from lana.lib.es.repo import Repo
from lana.lib.es.table import Column

MAX_ACTIVE: Final = 100


class PriceProviderRepo(Repo[PriceProvider]):
    entity: ClassVar[type[PriceProvider]] = PriceProvider
    table: ClassVar[str] = "price_providers"
    label: ClassVar[str] = "PriceProvider"
    columns: ClassVar[tuple[Column, ...]] = (
        Column("name", "text", lambda provider: provider.name),
        Column("provider", "text", lambda provider: provider.provider.value),
        Column("active", "bool", lambda provider: provider.active),
    )

    async def active(self) -> list[PriceProvider]:
        """Those to be asked."""
        return await self.all_by("active", value=True, bound=MAX_ACTIVE)
