"""Settings are found by key and listed by key."""

from __future__ import annotations

from typing import ClassVar, final

from lana.core.domain_config.config.entity import DomainConfig
from lana.core.domain_config.primitives import Visibility
from lana.lib.es.repo import Repo
from lana.lib.es.table import Column
from lana.lib.pg.page import Direction, Found, Order, Page

BY_KEY = Order("key", Direction.ASC)

_ALL = "select id, created_at, state from domain_configs order by key limit %b::int8"
_GENERATION = "select count(*), coalesce(sum(version), 0)::int8 from domain_configs"
MAX_SETTINGS = 10_000


@final
class DomainConfigRepo(Repo[DomainConfig]):
    entity: ClassVar[type[DomainConfig]] = DomainConfig
    table: ClassVar[str] = "domain_configs"
    label: ClassVar[str] = "DomainConfig"
    columns: ClassVar[tuple[Column, ...]] = (
        Column("key", "text", lambda config: config.key),
        Column("visibility", "text", lambda config: config.visibility.value),
    )

    async def exposed(self, page: Page) -> Found[DomainConfig]:
        return await self.list(page, BY_KEY, {"visibility": Visibility.EXPOSED.value})

    async def all(self) -> list[DomainConfig]:
        return [self.read(row) for row in await self.db.fetch(_ALL, [MAX_SETTINGS])]

    async def generation(self) -> tuple[int, int]:
        """Changes whenever any setting does; two small numbers, cheap to ask for."""
        rows = await self.db.fetch(_GENERATION)
        return rows[0][0], rows[0][1]
