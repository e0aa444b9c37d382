"""Customers with deposit accounts, made through the services, for a load to fall on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

from lana.app import App
from lana.core.customer import CustomerType
from lana.lib.authz import Ctx, Subject
from tests.support.bank import allow_manual_conversion

AT_ONCE = 64


async def superuser(app: App) -> Ctx:
    email = app.config.app.access.superuser_email
    rows = await app.db.fetch(
        "select id from personal_data where kind = 'user' and email = %b::text", [email]
    )
    return Ctx(subject=Subject.user(rows[0][0]), request_id="bench")


async def open_accounts(app: App, ctx: Ctx, count: int) -> list[UUID]:
    """Ids of new deposit accounts, one customer each."""
    await allow_manual_conversion(app, ctx)
    run, one_of_many = app.commands.run, asyncio.Semaphore(AT_ONCE)

    async def open_one() -> UUID:
        name = uuid4().hex
        async with one_of_many:
            prospect = await run(
                ctx, app.prospects.create_prospect, f"{name}@example.com", f"@{name}", CustomerType.INDIVIDUAL
            )
            customer = await run(ctx, app.prospects.convert_prospect, prospect.id)
            account = await run(ctx, app.deposit_accounts.create_account, customer.id)
            return account.id

    return await asyncio.gather(*(open_one() for _ in range(count)))


async def fund(app: App, ctx: Ctx, accounts: list[UUID], cents: int) -> None:
    one_of_many = asyncio.Semaphore(AT_ONCE)

    async def one(account: UUID) -> None:
        async with one_of_many:
            await app.commands.run(ctx, app.deposits.record_deposit, account, cents)

    await asyncio.gather(*(one(account) for account in accounts))


Work = Callable[[int], Awaitable[None]]
