"""Customers frozen, unfrozen, closed and reached elsewhere, on a database."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from uuid import UUID, uuid4

import pytest

from lana.core.access import OneTimePassword
from lana.core.customer import (
    CreateLogin,
    Customer,
    CustomerClosed,
    CustomerClosePreconditionFailed,
    CustomerFrozen,
    CustomerIsClosed,
    CustomerStatus,
    CustomerType,
    CustomerUnfrozen,
    PartyCreated,
    PartyEmailUpdated,
    SyncLogin,
)
from lana.core.deposit import AccountStatus, DepositAccount
from lana.lib.authz import Ctx
from lana.lib.errors import ConstraintViolation, NotAuthorized, NotFound, Refusal
from lana.lib.outbox import PublicEvent
from lana.lib.pg.page import Page
from lana.processes.customer_freeze_sync import CustomerFreezeSync
from lana.processes.customer_login import CustomerLogin
from tests.support.branch import Branch, as_customer
from tests.support.staff import acting


async def freeze(bank: Branch, customer: Customer) -> Customer:
    return await bank.commands.run(bank.root, bank.customers.freeze_customer, customer.id)


async def unfreeze(bank: Branch, customer: Customer) -> Customer:
    return await bank.commands.run(bank.root, bank.customers.unfreeze_customer, customer.id)


async def close(bank: Branch, customer: Customer) -> Customer:
    return await bank.commands.run(bank.root, bank.customers.close_customer, customer.id)


async def told(bank: Branch, *kinds: type[PublicEvent]) -> list[type[PublicEvent]]:
    return [type(event) for event in await bank.published("Customer") if isinstance(event, kinds)]


async def test_an_account_follows_its_holder_into_the_freeze_and_out(bank: Branch) -> None:
    holder = await bank.customer()
    account = await bank.account(holder, cents=100)
    assert (await freeze(bank, holder)).status is CustomerStatus.FROZEN
    await freeze(bank, holder)
    await bank.settle()
    assert await bank.status_of(account.id) is AccountStatus.FROZEN
    assert await bank.balance(account) == (0, 0, 100)

    assert (await unfreeze(bank, holder)).status is CustomerStatus.ACTIVE
    await unfreeze(bank, holder)
    await bank.settle()
    assert await bank.status_of(account.id) is AccountStatus.ACTIVE
    assert await bank.balance(account) == (100, 0, 0)
    assert await told(bank, CustomerFrozen, CustomerUnfrozen) == [CustomerFrozen, CustomerUnfrozen]


async def test_an_account_frozen_by_itself_stays_frozen_when_its_holder_is_released(bank: Branch) -> None:
    holder = await bank.customer()
    account = await bank.account(holder, cents=100)
    await bank.freeze(account.id)
    await freeze(bank, holder)
    await bank.settle()
    await unfreeze(bank, holder)
    await bank.settle()
    assert await bank.status_of(account.id) is AccountStatus.FROZEN
    assert await bank.balance(account) == (0, 0, 100)
    await bank.unfreeze(account.id)
    assert await bank.balance(account) == (100, 0, 0)


async def test_freezing_is_attributed_to_the_sync_and_skips_closed_accounts(bank: Branch) -> None:
    holder = await bank.customer()
    account = await bank.account(holder)
    await bank.close(account.id)
    await freeze(bank, holder)
    await bank.settle()
    assert await bank.status_of(account.id) is AccountStatus.CLOSED
    open_holder = await bank.customer()
    open_account = await bank.account(open_holder)
    await freeze(bank, open_holder)
    await bank.settle()
    rows = await bank.audited(action="deposit:deposit-account:freeze")
    assert [(r.subject, r.object) for r in rows] == [
        ("system:customer-sync", f"deposit/deposit-account/{open_account.id}")
    ]


async def test_a_page_with_freeze_and_release_of_one_account_is_not_handled_in_one_op(bank: Branch) -> None:
    """The release would not see what the freeze is about to set aside."""
    holder = await bank.customer()
    await bank.account(holder, cents=100)
    await freeze(bank, holder)
    await unfreeze(bank, holder)
    events = [e for e in await bank.published("Customer") if isinstance(e, CustomerFrozen | CustomerUnfrozen)]
    op = bank.commands.new_op(Ctx.system(CustomerFreezeSync.actor))
    sync = CustomerFreezeSync(bank.accounts)
    await sync.handle(op, events[0])
    with pytest.raises(RuntimeError, match="changed before in this Op"):
        await sync.handle(op, events[1])


async def test_a_customer_with_open_business_is_not_closed(bank: Branch) -> None:
    holder = await bank.customer()
    account = await bank.account(holder)
    with pytest.raises(CustomerClosePreconditionFailed, match="has active deposit accounts"):
        await close(bank, holder)
    await bank.close(account.id)
    assert (await close(bank, holder)).status is CustomerStatus.CLOSED
    assert (await close(bank, holder)).status is CustomerStatus.CLOSED
    with pytest.raises(CustomerIsClosed):
        await freeze(bank, holder)
    assert await told(bank, CustomerClosed) == [CustomerClosed]


async def test_a_customer_without_account_is_closed_even_when_frozen(bank: Branch) -> None:
    holder = await bank.customer()
    await freeze(bank, holder)
    for _ in range(2):
        assert (await close(bank, holder)).status is CustomerStatus.CLOSED


async def test_an_account_opened_at_this_moment_and_closing_exclude_each_other(bank: Branch) -> None:
    for _ in range(5):
        holder = await bank.customer()
        outcomes = await asyncio.gather(close(bank, holder), bank.account(holder), return_exceptions=True)
        kept = await bank.customers.repo.peek(holder.id)
        assert kept is not None
        opened = [o for o in outcomes if isinstance(o, DepositAccount)]
        assert all(isinstance(o, Refusal) for o in outcomes if isinstance(o, BaseException))
        assert (kept.status is CustomerStatus.CLOSED) != bool(opened)


async def test_closing_needs_the_lists_it_looks_at_and_its_own_permission(bank: Branch) -> None:
    holder = await bank.customer()
    viewer = acting(await bank.hire("viewer@bank.example", role="accountant"))
    for customer_id in (holder.id, uuid4()):
        with pytest.raises(NotAuthorized):
            await bank.commands.run(viewer, bank.customers.close_customer, customer_id)
    with pytest.raises(NotFound, match="CustomerFindError"):
        await bank.commands.run(bank.root, bank.customers.close_customer, uuid4())


async def test_contact_data_can_change_and_return(bank: Branch) -> None:
    holder, other = await bank.customer(), await bank.customer()
    email, handle = bank.customers.update_email, bank.customers.update_telegram_handle
    before = await bank.contacts.own(holder.id)
    await bank.commands.run(bank.root, email, holder.id, "new@example.com")
    await bank.commands.run(bank.root, email, holder.id, "new@example.com")
    await bank.commands.run(bank.root, handle, holder.id, "@new")
    found = await bank.customers.maybe_find_customer_by_email(bank.root, "NEW@example.com")
    assert found is not None
    assert found.id == holder.id
    assert await told(bank, PartyEmailUpdated) == [PartyEmailUpdated]
    with pytest.raises(ConstraintViolation, match=r"Some\(Email\)"):
        await bank.commands.run(bank.root, email, other.id, "new@example.com")
    # what was given up is free again, and one may take it back
    await bank.commands.run(bank.root, email, other.id, before.email)
    with pytest.raises(ConstraintViolation):
        await bank.commands.run(bank.root, email, holder.id, before.email)
    await bank.commands.run(bank.root, handle, holder.id, before.telegram_handle)
    assert (await bank.contacts.own(holder.id)).telegram_handle == before.telegram_handle


async def test_contact_data_of_prospects_and_closed_customers_does_not_change(bank: Branch) -> None:
    prospect, closed = await bank.prospect(), await bank.customer()
    await close(bank, closed)
    with pytest.raises(NotFound):
        await bank.commands.run(bank.root, bank.customers.update_email, prospect.id, "x@example.com")
    with pytest.raises(CustomerIsClosed):
        await bank.commands.run(bank.root, bank.customers.update_email, closed.id, "x@example.com")
    with pytest.raises(CustomerIsClosed):
        await bank.commands.run(bank.root, bank.customers.update_telegram_handle, closed.id, "@x")


async def test_customers_are_found_listed_and_filtered(bank: Branch) -> None:
    first, second = await bank.customer(), await bank.customer(CustomerType.BANK)
    await freeze(bank, second)
    by_number = await bank.customers.maybe_find_customer_by_public_id(bank.root, first.public_id)
    assert by_number is not None
    assert by_number.id == first.id
    prospect = await bank.prospect()
    assert await bank.customers.maybe_find_customer_by_public_id(bank.root, prospect.public_id) is None
    newest = await bank.customers.list_customers(bank.root, Page(1))
    assert ([c.id for c in newest.items], newest.has_next) == ([second.id], True)
    frozen = await bank.customers.list_customers(bank.root, Page(9), status=CustomerStatus.FROZEN)
    assert [c.id for c in frozen.items] == [second.id]
    people = await bank.customers.list_customers(bank.root, Page(9), customer_type=CustomerType.INDIVIDUAL)
    assert [c.id for c in people.items] == [first.id]


async def test_only_a_customer_is_found_as_oneself(bank: Branch) -> None:
    holder, prospect = await bank.customer(), await bank.prospect()
    assert (await bank.customers.find_own(as_customer(holder))).id == holder.id
    for nobody in (as_customer(prospect.id), as_customer(uuid4()), bank.root):
        with pytest.raises(NotFound, match="CustomerFindError"):
            await bank.customers.find_own(nobody)


class Realm:
    """An identity provider in memory."""

    def __init__(self) -> None:
        self.emails: dict[UUID, str] = {}
        self.enabled: dict[UUID, bool] = {}

    async def ensure(self, lana_id: UUID, email: str) -> OneTimePassword | None:
        if lana_id in self.emails:
            return None
        self.emails[lana_id], self.enabled[lana_id] = email, True
        return OneTimePassword(email, "one-time")

    async def renew_password(self, lana_id: UUID, email: str) -> OneTimePassword | None:
        return await self.ensure(lana_id, email)

    async def update_email(self, lana_id: UUID, email: str) -> None:
        self.emails[lana_id] = email

    async def set_enabled(self, lana_id: UUID, enabled: bool) -> None:
        self.enabled[lana_id] = enabled


async def test_the_login_follows_the_customer(bank: Branch) -> None:
    realm, shown = Realm(), list[OneTimePassword]()
    jobs = {
        job.name: job
        for job in (
            CreateLogin(bank.contacts, realm, shown.append),
            SyncLogin(bank.contacts, bank.customers, realm),
        )
    }
    seen = 0

    async def work() -> list[str]:
        """Run what the processors defer for events not looked at yet."""
        nonlocal seen
        events = await bank.published("Customer")
        done: list[str] = []
        for event in events[seen:]:
            op = bank.commands.new_op(Ctx.system("customer-sync"))
            if isinstance(event, CustomerLogin.takes):
                await CustomerLogin().handle(op, event)
            if isinstance(event, CustomerFreezeSync.takes):
                await CustomerFreezeSync(bank.accounts).handle(op, event)
            for deferred in op.jobs:
                args: Mapping[str, object] = deferred.args
                await jobs[deferred.name].run(args)
                done.append(deferred.name)
        seen = len(events)
        return done

    prospect = await bank.prospect()
    assert await work() == ["customer.create-keycloak-user"]
    first_email = (await bank.contacts.own(prospect.id)).email
    assert realm.emails == {prospect.id: first_email}
    assert [password.email for password in shown] == [first_email]
    created = next(e for e in await bank.published("Customer") if isinstance(e, PartyCreated))
    await jobs["customer.create-keycloak-user"].run({"party_id": str(created.id)})
    assert len(shown) == 1

    holder = await bank.commands.run(bank.root, bank.prospects.convert_prospect, prospect.id)
    assert await work() == []
    await freeze(bank, holder)
    await work()
    assert realm.enabled == {holder.id: False}
    await unfreeze(bank, holder)
    await work()
    assert realm.enabled == {holder.id: True}
    await bank.commands.run(bank.root, bank.customers.update_email, holder.id, "new@example.com")
    await work()
    assert realm.emails == {holder.id: "new@example.com"}
    await close(bank, holder)
    await work()
    assert realm.enabled == {holder.id: False}
