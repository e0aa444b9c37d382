"""Short ways to what many tests start from."""

from __future__ import annotations

from uuid import uuid4

from lana.app import App
from lana.core.customer import Customer, CustomerType
from lana.core.deposit import DepositAccount
from lana.lib.authz import Ctx, Subject
from lana.lib.pg.page import Page


async def superuser_of(app: App) -> Ctx:
    """A request of the first member of staff."""
    rows = await app.db.fetch(
        "select id from personal_data where kind = 'user' and email = %b::text",
        [app.config.app.access.superuser_email],
    )
    return Ctx(subject=Subject.user(rows[0][0]), request_id="test")


async def allow_manual_conversion(app: App, ctx: Ctx) -> None:
    configs = await app.domain_configs.list(ctx, Page(100))
    (config,) = [c for c in configs.items if c.key == "allow-manual-conversion"]
    await app.commands.run(ctx, app.domain_configs.update, config.id, True)
    await app.settings.refresh()


async def make_customer(app: App, ctx: Ctx) -> Customer:
    await allow_manual_conversion(app, ctx)
    name = uuid4().hex
    prospect = await app.commands.run(
        ctx, app.prospects.create_prospect, f"{name}@example.com", f"@{name}", CustomerType.INDIVIDUAL
    )
    return await app.commands.run(ctx, app.prospects.convert_prospect, prospect.id)


async def open_account(app: App, ctx: Ctx) -> DepositAccount:
    customer = await make_customer(app, ctx)
    return await app.commands.run(ctx, app.deposit_accounts.create_account, customer.id)
