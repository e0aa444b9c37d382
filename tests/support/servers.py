"""The whole bank in one process, without Keycloak and sockets: both servers as ASGI, processors running."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from lana.admin_server.server import create_admin_app
from lana.app import App, open_app
from lana.customer_server.server import create_customer_app
from lana.lib.authz import Subject
from lana.lib.config import Config, Secrets, TimeConfig, TimeMode
from lana.lib.config.model import AccessConfig, AppConfig, GraphqlConfig, PriceConfig
from lana.lib.outbox.processor import ProcessorRunner
from tests.support.api import ApiClient, TrustingVerifier
from tests.support.proof import caught_up, settle

SUPERUSER = "superuser@example.com"
NO_MARKET = "http://127.0.0.1:1"
START = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


def config_of(dsn: str, graphql: GraphqlConfig | None = None) -> Config:
    return Config(
        app=replace(
            AppConfig(),
            access=AccessConfig(superuser_email=SUPERUSER),
            price=PriceConfig(bitfinex_url=NO_MARKET),
        ),
        time=TimeConfig(mode=TimeMode.MANUAL, start_at=START),
        graphql=graphql or GraphqlConfig(),
        secrets=Secrets(pg_con=dsn, encryption_key="00" * 32),
    )


class Servers:
    """Both servers over one open bank; `superuser` is its first member of staff."""

    def __init__(self, app: App, superuser: UUID, runners: Sequence[ProcessorRunner] = ()) -> None:
        self.app = app
        self._runners = runners
        verifier = TrustingVerifier()
        self.admin: Any = create_admin_app(app, verifier, app.config)
        self.customers: Any = create_customer_app(app, verifier, app.config)
        self.superuser = self.staff(superuser)

    def staff(self, user_id: UUID) -> ApiClient:
        return ApiClient(self.admin, Subject.user(user_id))

    def customer(self, customer_id: UUID) -> ApiClient:
        return ApiClient(self.customers, Subject.customer(customer_id))

    async def settle(self) -> None:
        """Every processor has seen every event: those that run, or else all of them are run for it."""
        await (caught_up(self.app, self._runners) if self._runners else settle(self.app))

    async def user_with(self, name: str, *permission_sets: str) -> ApiClient:
        """A member of staff whose role has these permission sets and no others."""
        known = await self.superuser.ask("{ permissionSets(first: 100) { nodes { permissionSetId name } } }")
        sets = known["permissionSets"]["nodes"]
        ids = [one["permissionSetId"] for one in sets if one["name"] in permission_sets]
        assert len(ids) == len(permission_sets)
        made = await self.superuser.do("roleCreate", "role { roleId }", name=name, permissionSetIds=ids)
        user = await self.superuser.do(
            "userCreate", "user { userId }", email=f"{name}@example.com", roleId=made["role"]["roleId"]
        )
        await self.app.grants.refresh()
        return self.staff(UUID(user["user"]["userId"]))

    async def allow_manual_conversion(self) -> None:
        page = await self.superuser.ask("{ domainConfigs(first: 100) { nodes { domainConfigId key } } }")
        config = next(c for c in page["domainConfigs"]["nodes"] if c["key"] == "allow-manual-conversion")
        await self.superuser.do(
            "domainConfigUpdate", "domainConfig { key }", domainConfigId=config["domainConfigId"], value=True
        )
        await self.app.settings.refresh()

    async def new_customer(self, email: str) -> dict[str, str]:
        """A customer with an account: `prospectId` (= `customerId`), `depositAccountId`."""
        made = await self.superuser.do(
            "prospectCreate",
            "prospect { prospectId }",
            email=email,
            telegramHandle=f"@{email.partition('@')[0]}",
            customerType="INDIVIDUAL",
        )
        customer_id = made["prospect"]["prospectId"]
        await self.superuser.do("prospectConvert", "customer { customerId }", prospectId=customer_id)
        opened = await self.superuser.do(
            "depositAccountCreate", "depositAccount { depositAccountId }", customerId=customer_id
        )
        return {
            "prospectId": customer_id,
            "customerId": customer_id,
            "depositAccountId": opened["depositAccount"]["depositAccountId"],
        }


@asynccontextmanager
async def open_servers(dsn: str, graphql: GraphqlConfig | None = None) -> AsyncIterator[Servers]:
    async with open_app(config_of(dsn, graphql)) as app:
        runners = [ProcessorRunner(processor, app.db, app.commands, app.tail) for processor in app.processors]
        tasks = [asyncio.create_task(runner.run()) for runner in runners]
        try:
            rows = await app.db.fetch("select id from users")
            yield Servers(app, rows[0][0], runners)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
