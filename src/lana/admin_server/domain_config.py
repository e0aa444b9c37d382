"""Run-time settings."""

from __future__ import annotations

from enum import Enum
from uuid import UUID

import msgspec
import strawberry

from lana.admin_server.common import Info
from lana.core import domain_config as core
from lana.lib.graphql import Connection, Json, connection, entity
from lana.lib.pg.page import Page

# `value` is typed `Json!` and yet null where a setting is unset or secret: a JSON value of its own
NULL = Json(msgspec.Raw(b"null"))


@strawberry.enum
class ConfigType(Enum):
    BOOL = "bool"
    STRING = "string"
    INT = "int"
    UINT = "uint"
    DECIMAL = "decimal"
    TIMEZONE = "timezone"
    TIME = "time"
    COMPLEX = "complex"


@entity("domainConfigId")
class DomainConfig:
    domain_config_id: UUID
    key: str
    config_type: ConfigType
    encrypted: bool
    is_set: bool
    value: Json

    @classmethod
    def of(cls, config: core.DomainConfig) -> DomainConfig:
        shown = config.shown
        return cls(
            domain_config_id=config.id,
            key=config.key,
            config_type=ConfigType(config.config_type.value),
            encrypted=config.encrypted,
            is_set=config.is_set,
            value=NULL if shown is None else Json(shown),
        )


@strawberry.type
class Query:
    @strawberry.field
    async def domain_configs(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[DomainConfig]:
        request = info.context
        found = await request.app.domain_configs.list(request.ctx, Page(first, after))
        return connection(found, DomainConfig.of)


@strawberry.input
class DomainConfigUpdateInput:
    domain_config_id: UUID
    value: Json


@strawberry.type
class DomainConfigUpdatePayload:
    domain_config: DomainConfig


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def domain_config_update(
        self, info: Info, input: DomainConfigUpdateInput
    ) -> DomainConfigUpdatePayload:
        request = info.context
        verb = request.app.domain_configs.update
        config = await request.command(verb, input.domain_config_id, input.value)
        await request.app.settings.refresh()
        return DomainConfigUpdatePayload(domain_config=DomainConfig.of(config))
