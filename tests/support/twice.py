"""The same bank in two processes' worth of parts: two committers, two pools, two caches, one database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from uuid import UUID, uuid4

from lana.app import App
from lana.core.access import User
from lana.core.deposit import Balance, DepositAccount, Withdrawal
from lana.core.governance import ProcessType
from lana.lib.authz import Ctx, Subject
from lana.lib.errors import Refusal
from tests.support.bank import open_account
from tests.support.proof import settle


class Twice:
    def __init__(self, one: App, other: App, ctx: Ctx) -> None:
        self.one = one
        self.other = other
        self.ctx = ctx

    async def account(self, cents: int = 0) -> UUID:
        account = await open_account(self.one, self.ctx)
        if cents:
            await self.one.commands.run(self.ctx, self.one.deposits.record_deposit, account.id, cents)
        return account.id

    async def initiated(self, cents: int = 100) -> Withdrawal:
        """A withdrawal of all its account holds."""
        account = await self.account(cents)
        return await self.one.commands.run(self.ctx, self.one.withdrawals.initiate_withdrawal, account, cents)

    async def approved(self, cents: int = 100) -> Withdrawal:
        """A withdrawal that awaits its confirmation."""
        made = await self.initiated(cents)
        await settle(self.one)
        return await self.withdrawal(made.id)

    async def withdrawal(self, withdrawal_id: UUID) -> Withdrawal:
        found = await self.one.withdrawals.repo.peek(withdrawal_id)
        assert found is not None
        return found

    async def state(self, account_id: UUID) -> tuple[DepositAccount, Balance]:
        found = await self.one.deposit_accounts.repo.peek(account_id)
        assert found is not None
        return found, await self.one.deposit_accounts.ledger.balance(found.account_ids)

    async def posted(self, template: str) -> int:
        """Ledger transactions made from a template so far."""
        rows = await self.one.db.fetch(
            "select count(*) from cala.transactions t join cala.templates p on p.id = t.template_id"
            " where p.code = %b::text",
            [template],
        )
        return rows[0][0]

    async def hire(self, role: str = "admin") -> User:
        access = self.one.access
        found = await access.roles.maybe_by("name", role)
        assert found is not None
        user = await self.one.commands.run(
            self.ctx, access.create_user, f"{uuid4().hex}@example.com", found.id
        )
        await self.know()
        return user

    async def know(self) -> None:
        """Both processes have the present permissions."""
        await asyncio.gather(self.one.grants.refresh(), self.other.grants.refresh())

    async def ruled_by(self, members: Sequence[User]) -> None:
        """From now on every one of them must approve a withdrawal."""
        governance = self.one.governance
        policy = await governance.policies.maybe_by("process_type", ProcessType.WITHDRAW)
        assert policy is not None
        committee = await self.one.commands.run(
            self.ctx, governance.create_committee, uuid4().hex, [user.id for user in members]
        )
        await self.one.commands.run(self.ctx, governance.assign_committee, policy.id, committee.id)


def acting(user: User) -> Ctx:
    return Ctx(subject=Subject.user(user.id), request_id="test")


async def race(*attempts: Awaitable[object]) -> list[str]:
    """Of each "done", or its refusal's code. A fault is raised."""
    return await asyncio.gather(*map(_outcome, attempts))


async def _outcome(attempt: Awaitable[object]) -> str:
    try:
        await attempt
    except Refusal as refusal:
        return refusal.code
    return "done"
