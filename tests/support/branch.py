"""Customers and deposits over a database of the test's own: the domains wired, their processors run when told."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Final
from uuid import UUID

import cala_ledger
from lana.core import customer, deposit
from lana.core.access import User
from lana.core.governance import ProcessType, ensure_policy
from lana.core.public_id import PublicIds
from lana.lib.authz import Ctx, Subject
from lana.lib.es.commands import Commands
from lana.lib.es.op import Op
from lana.lib.outbox import PublicEvent
from lana.lib.outbox.processor import Processor
from lana.lib.outbox.tail import read_after
from lana.lib.pg.database import Database, plain_pool
from lana.processes.customer_freeze_sync import CustomerFreezeSync
from lana.processes.customer_login import CustomerLogin
from lana.processes.withdrawal_approval import WithdrawalApproval
from tests.support.configured import Configured
from tests.support.staff import Staff, acting

PAGE: Final = 500


class Branch(Staff):
    def __init__(self, db: Database, commands: Commands, ledger: cala_ledger.Ledger) -> None:
        super().__init__(db, commands)
        self.ledger = ledger
        self.configured = Configured(db, declared=(customer.ALLOW_MANUAL_CONVERSION, *deposit.SETTINGS))
        self.public_ids = PublicIds(db)
        self.contacts = customer.Contacts(self.authz, self.access.personal_data)
        self.customers = customer.Customers(db, self.authz, self.contacts, self.public_ids)
        self.prospects = customer.Prospects(
            db, self.authz, self.contacts, self.public_ids, self.configured.settings
        )
        self.books = deposit.DepositLedger(ledger)
        self.accounts = deposit.DepositAccounts(db, self.authz, self.customers, self.public_ids, self.books)
        self.deposits = deposit.Deposits(db, self.authz, self.public_ids, self.books)
        self.withdrawals = deposit.Withdrawals(db, self.authz, self.public_ids, self.books, self.governance)
        self.histories = deposit.Histories(db, self.authz, ledger)
        self.own = deposit.OwnDeposits(db, self.authz, self.books, self.histories)
        self.customers.closing_checks.append(deposit.NoOpenDeposits(db, self.authz))
        self._processors: tuple[Processor, ...] = (
            CustomerLogin(),
            CustomerFreezeSync(self.accounts),
            WithdrawalApproval(self.withdrawals),
        )
        self._seen = 0
        self._numbers = count(1)

    async def open(self, *, manual_conversion: bool = True) -> None:
        await self.start()
        overrides = [("allow-manual-conversion", manual_conversion)]
        await self.configured.start(self.commands, overrides)
        await deposit.ensure_ledger(self.ledger)
        await ensure_policy(self.commands, self.governance, ProcessType.WITHDRAW, auto_approval=True)

    # --- what tests say ---------------------------------------------------------------------------------------

    async def prospect(
        self, customer_type: customer.CustomerType = customer.CustomerType.INDIVIDUAL
    ) -> customer.Prospect:
        number = next(self._numbers)
        verb = self.prospects.create_prospect
        return await self.commands.run(
            self.root, verb, f"customer-{number}@example.com", f"@customer{number}", customer_type
        )

    async def customer(
        self, customer_type: customer.CustomerType = customer.CustomerType.INDIVIDUAL
    ) -> customer.Customer:
        taken_in = await self.prospect(customer_type)
        return await self.commands.run(self.root, self.prospects.convert_prospect, taken_in.id)

    async def account(
        self, holder: customer.Customer | None = None, cents: int = 0
    ) -> deposit.DepositAccount:
        holder = holder or await self.customer()
        account = await self.commands.run(self.root, self.accounts.create_account, holder.id)
        if cents:
            await self.record(account.id, cents)
        return account

    async def record(self, account_id: UUID, cents: int, reference: str | None = None) -> deposit.Deposit:
        return await self.commands.run(self.root, self.deposits.record_deposit, account_id, cents, reference)

    async def initiate(
        self, account_id: UUID, cents: int, reference: str | None = None
    ) -> deposit.Withdrawal:
        verb = self.withdrawals.initiate_withdrawal
        return await self.commands.run(self.root, verb, account_id, cents, reference)

    async def approved(self, account_id: UUID, cents: int) -> deposit.Withdrawal:
        withdrawal = await self.initiate(account_id, cents)
        await self.settle()
        return await self.withdrawal(withdrawal.id)

    async def confirm(self, withdrawal_id: UUID) -> deposit.Withdrawal:
        return await self.commands.run(self.root, self.withdrawals.confirm_withdrawal, withdrawal_id)

    async def cancel(self, withdrawal_id: UUID) -> deposit.Withdrawal:
        return await self.commands.run(self.root, self.withdrawals.cancel_withdrawal, withdrawal_id)

    async def revert(self, withdrawal_id: UUID) -> deposit.Withdrawal:
        return await self.commands.run(self.root, self.withdrawals.revert_withdrawal, withdrawal_id)

    async def ruled_by_committee(self, members: Sequence[User]) -> None:
        """From now on every member must approve a withdrawal."""
        policy = await self.governance.policies.maybe_by("process_type", ProcessType.WITHDRAW)
        assert policy is not None
        committee = await self.committee("withdrawals", members)
        await self.commands.run(self.root, self.governance.assign_committee, policy.id, committee.id)

    async def deny(self, by: User, withdrawal: deposit.Withdrawal) -> None:
        verb = self.governance.deny
        await self.commands.run(acting(by), verb, withdrawal.approval_process_id, "no docs")

    async def approve(self, by: User, withdrawal: deposit.Withdrawal) -> None:
        await self.commands.run(acting(by), self.governance.approve, withdrawal.approval_process_id)

    async def freeze(self, account_id: UUID) -> deposit.DepositAccount:
        return await self.commands.run(self.root, self.accounts.freeze_account, account_id)

    async def unfreeze(self, account_id: UUID) -> deposit.DepositAccount:
        return await self.commands.run(self.root, self.accounts.unfreeze_account, account_id)

    async def close(self, account_id: UUID) -> deposit.DepositAccount:
        return await self.commands.run(self.root, self.accounts.close_account, account_id)

    # --- what tests look at -----------------------------------------------------------------------------------

    async def withdrawal(self, withdrawal_id: UUID) -> deposit.Withdrawal:
        found = await self.withdrawals.repo.peek(withdrawal_id)
        assert found is not None
        return found

    async def status_of(self, account_id: UUID) -> deposit.AccountStatus:
        found = await self.accounts.repo.peek(account_id)
        assert found is not None
        return found.status

    async def balance(self, account: deposit.DepositAccount) -> tuple[int, int, int]:
        """Settled, pending, frozen."""
        found = await self.books.balance(account.account_ids)
        return found.settled, found.pending, found.frozen

    async def omnibus(self) -> tuple[int, int]:
        """Settled and pending, as a debit-normal account shows them."""
        account_id = deposit.OMNIBUS_ACCOUNT_ID
        found = (await self.ledger.balances.now([account_id]))[account_id]
        usd = found.get("USD", cala_ledger.zero(account_id, "USD"))
        side = cala_ledger.Direction.DEBIT
        return usd.settled.net(side), usd.pending.net(side)

    async def published(self, module: str) -> list[PublicEvent]:
        found = await read_after(self.db, 0, PAGE)
        return [d.event for d in found if d.event is not None and d.event.module == module]

    # --- the processors ---------------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Let every processor handle what was published since, one event an Op, until nothing new comes."""
        for _ in range(10):
            delivered = await read_after(self.db, self._seen, PAGE)
            if not delivered:
                return
            for each in delivered:
                self._seen = each.sequence
                if each.event is not None:
                    await self._handle(each.event)
        raise AssertionError("the processors never came to rest")

    async def _handle(self, event: PublicEvent) -> None:
        for processor in self._processors:
            if isinstance(event, processor.takes):
                await self.commands.run(Ctx.system(processor.actor), _effect, processor, event)


async def _effect(op: Op, processor: Processor, event: PublicEvent) -> None:
    await processor.handle(op, event)


def as_customer(holder: customer.Customer | UUID) -> Ctx:
    """A request of this customer."""
    return Ctx(subject=Subject.customer(holder if isinstance(holder, UUID) else holder.id), request_id="test")


@asynccontextmanager
async def open_branch(
    db: Database, commands: Commands, *, manual_conversion: bool = True
) -> AsyncGenerator[Branch]:
    """The bank over a database, with a pool of the ledger's own."""
    async with plain_pool(db.dsn, max_size=3) as pool:
        bank = Branch(db, commands, cala_ledger.Ledger(pool))
        await bank.open(manual_conversion=manual_conversion)
        yield bank
