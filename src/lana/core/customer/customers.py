"""Customers: frozen, unfrozen, closed, reached under new addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from lana.core.customer.contacts import Contacts, bounded
from lana.core.customer.customer.entity import Customer
from lana.core.customer.customer.repo import CustomerRepo
from lana.core.customer.party.repo import PartyRepo
from lana.core.customer.primitives import (
    CREATE_CREDIT_FACILITY,
    CustomerAction,
    CustomerStatus,
    CustomerType,
    PartyAction,
)
from lana.core.customer.public import (
    CustomerClosed,
    CustomerFrozen,
    CustomerSnapshot,
    CustomerUnfrozen,
    PartyEmailUpdated,
)
from lana.core.public_id import PublicIds, TargetKind
from lana.lib.authz import Authorizer, Scope
from lana.lib.es.entity import ALREADY
from lana.lib.es.op import Op
from lana.lib.pg.database import Database
from lana.lib.pg.page import Found, Order, Page


class ClosingCheck(Protocol):
    """What another domain knows to be still open between the bank and a customer."""

    async def __call__(self, op: Op, customer: Customer) -> None:
        """Raise `CustomerClosePreconditionFailed`; guard what the answer rests on."""
        ...


class Customers:
    def __init__(self, db: Database, authz: Authorizer, contacts: Contacts, public_ids: PublicIds) -> None:
        self.repo = CustomerRepo(db)
        self.parties = PartyRepo(db)
        self.contacts = contacts
        self.closing_checks: list[ClosingCheck] = []
        self._authz = authz
        self._public_ids = public_ids

    # --- commands -------------------------------------------------------------------------------------------

    async def freeze_customer(self, op: Op, customer_id: UUID) -> Customer:
        self._authz.enforce(op, CustomerAction.FREEZE, customer_id)
        customer = await op.find(self.repo, customer_id)
        before = customer.status
        customer.freeze()
        if customer.status is not before:
            op.publish(_told(CustomerFrozen, customer))
        return customer

    async def unfreeze_customer(self, op: Op, customer_id: UUID) -> Customer:
        self._authz.enforce(op, CustomerAction.UNFREEZE, customer_id)
        customer = await op.find(self.repo, customer_id)
        before = customer.status
        customer.unfreeze()
        if customer.status is not before:
            op.publish(_told(CustomerUnfrozen, customer))
        return customer

    async def close_customer(self, op: Op, customer_id: UUID) -> Customer:
        known = await op.maybe_find(self.repo, customer_id)
        if known:
            for check in self.closing_checks:
                await check(op, known)
        self._authz.enforce(op, CustomerAction.CLOSE, customer_id)
        customer = await op.find(self.repo, customer_id)
        if customer.close() is not ALREADY:
            op.publish(_told(CustomerClosed, customer))
        return customer

    async def update_email(self, op: Op, customer_id: UUID, email: str) -> Customer:
        self._authz.enforce(op, PartyAction.UPDATE, customer_id)
        customer = await op.find(self.repo, customer_id)
        customer.require_not_closed()
        party = await op.find(self.parties, customer.party_id)
        person = await self.contacts.of_party(party.id)
        if party.update_email(person.digest(bounded(email))) is not ALREADY:
            await self.contacts.change_email(op, party.id, person, email)
            op.publish(PartyEmailUpdated(id=party.id, customer_type=party.customer_type))
        return customer

    async def update_telegram_handle(self, op: Op, customer_id: UUID, telegram_handle: str) -> Customer:
        self._authz.enforce(op, PartyAction.UPDATE, customer_id)
        customer = await op.find(self.repo, customer_id)
        customer.require_not_closed()
        party = await op.find(self.parties, customer.party_id)
        person = await self.contacts.of_party(party.id)
        if party.update_telegram_handle(person.digest(bounded(telegram_handle))) is not ALREADY:
            await self.contacts.change_handle(op, party.id, person, telegram_handle)
        return customer

    async def find_eligible(self, op: Op, customer_id: UUID) -> Customer:
        """For other domains: the customer, guarded, if active."""
        customer = await op.find(self.repo, customer_id)
        customer.require_eligible()
        return customer

    async def find_verified(self, op: Op, customer_id: UUID) -> Customer:
        """For other domains: the customer, guarded, if active and verified."""
        customer = await op.find(self.repo, customer_id)
        customer.require_verified()
        return customer

    # --- reads of staff -------------------------------------------------------------------------------------

    async def maybe_find_customer(self, ctx: Scope, customer_id: UUID) -> Customer | None:
        self._authz.enforce(ctx, CustomerAction.READ, customer_id)
        return await self.repo.peek(customer_id)

    async def maybe_find_customer_by_email(self, ctx: Scope, email: str) -> Customer | None:
        self._authz.enforce(ctx, CustomerAction.READ)
        party_id = await self.contacts.party_by_email(email)
        return await self.repo.peek(party_id) if party_id else None

    async def maybe_find_customer_by_public_id(self, ctx: Scope, public_id: str) -> Customer | None:
        self._authz.enforce(ctx, CustomerAction.READ)
        target = await self._public_ids.target_of(public_id, TargetKind.CUSTOMER)
        return await self.repo.peek(target) if target else None

    async def find_many_customers(self, ctx: Scope, ids: Sequence[UUID]) -> Mapping[UUID, Customer]:
        self._authz.enforce(ctx, CustomerAction.READ, *ids)
        return await self.repo.peek_many(ids)

    async def list_customers(
        self,
        ctx: Scope,
        page: Page,
        order: Order | None = None,
        customer_type: CustomerType | None = None,
        status: CustomerStatus | None = None,
    ) -> Found[Customer]:
        self._authz.enforce(ctx, CustomerAction.LIST)
        return await self.repo.list(page, order, {"customer_type": customer_type, "status": status})

    def may_create_credit_facility(self, ctx: Scope) -> bool:
        """For a flag beside the customer; nothing is recorded."""
        return self._authz.evaluate(ctx.subject, CREATE_CREDIT_FACILITY)

    # --- reads of the customer ------------------------------------------------------------------------------

    async def find_own(self, ctx: Scope) -> Customer:
        """The customer who asks. `NotFound` for anyone else, a prospect included."""
        found = await self.repo.peek(ctx.subject.id) if ctx.subject.is_customer else None
        if found is None:
            raise self.repo.not_found(ctx.subject.name)
        return found

    # --- reads of the system --------------------------------------------------------------------------------

    async def maybe_status(self, customer_id: UUID) -> CustomerStatus | None:
        """For the login that follows the customer's state. None for a prospect."""
        found = await self.repo.peek(customer_id)
        return found.status if found else None


def _told(event: type[CustomerSnapshot], of: Customer) -> CustomerSnapshot:
    return event(id=of.id, party_id=of.party_id, status=of.status)
