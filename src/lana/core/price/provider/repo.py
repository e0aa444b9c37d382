"""Providers by id and name."""

from __future__ import annotations

from typing import ClassVar

from lana.core.price.provider.entity import PriceProvider
from lana.lib.es.repo import Repo
from lana.lib.es.table import Column


class PriceProviderRepo(Repo[PriceProvider]):
    entity: ClassVar[type[PriceProvider]] = PriceProvider
    table: ClassVar[str] = "price_providers"
    label: ClassVar[str] = "PriceProvider"
    columns: ClassVar[tuple[Column, ...]] = (
        Column("name", "text", lambda provider: provider.name),
        Column("active", "bool", lambda provider: provider.active),
    )
