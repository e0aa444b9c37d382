"""The customer who asks."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import strawberry

from lana.core import customer as core
from lana.customer_server.common import Info
from lana.customer_server.credit import CreditFacility
from lana.customer_server.credit_proposal import CreditFacilityProposal, PendingCreditFacility
from lana.customer_server.credit_request import CreditRequest, CreditRequestDraft
from lana.customer_server.deposit import DepositAccount

strawberry.enum(core.CustomerType)
strawberry.enum(core.CustomerStatus)
strawberry.enum(core.KycLevel)


@strawberry.type
class PersonalInfo:
    first_name: str
    last_name: str
    date_of_birth: str | None
    nationality: str | None
    address: str | None
    company_name: str | None

    @classmethod
    def of(cls, known: core.PersonalInfo) -> PersonalInfo:
        return cls(
            first_name=known.first_name,
            last_name=known.last_name,
            date_of_birth=known.date_of_birth,
            nationality=known.nationality,
            address=known.address,
            company_name=known.company_name,
        )


@strawberry.type
class Customer:
    contact: strawberry.Private[core.Contact]
    id: strawberry.ID
    customer_id: UUID
    status: core.CustomerStatus
    level: core.KycLevel
    customer_type: core.CustomerType
    created_at: datetime

    @classmethod
    def of(cls, customer: core.Customer, contact: core.Contact) -> Customer:
        return cls(
            contact=contact,
            id=strawberry.ID(f"Customer:{customer.id}"),
            customer_id=customer.id,
            status=customer.status,
            level=customer.level,
            customer_type=customer.customer_type,
            created_at=customer.created_at,
        )

    @strawberry.field
    def email(self) -> str:
        return self.contact.email

    @strawberry.field
    def telegram_handle(self) -> str:
        return self.contact.telegram_handle

    @strawberry.field
    def personal_info(self) -> PersonalInfo | None:
        known = self.contact.personal_info
        return PersonalInfo.of(known) if known else None

    @strawberry.field
    async def deposit_account(self, info: Info) -> DepositAccount:
        return DepositAccount.of(await info.context.app.own_deposits.find_account(info.context.ctx))

    @strawberry.field
    async def credit_requests(self, info: Info) -> list[CreditRequest]:
        found = await info.context.app.own_credit_requests.list_requests(info.context.ctx)
        return [CreditRequest.of(request) for request in found]

    @strawberry.field
    async def credit_request_drafts(self, info: Info) -> list[CreditRequestDraft]:
        found = await info.context.app.own_credit_requests.list_drafts(info.context.ctx)
        return [CreditRequestDraft.of(draft) for draft in found]

    @strawberry.field
    async def credit_facilities(self, info: Info) -> list[CreditFacility]:
        found = await info.context.app.credit.own.list_facilities(info.context.ctx)
        return [CreditFacility.of(each) for each in found]

    @strawberry.field
    async def credit_facility_proposals(self, info: Info) -> list[CreditFacilityProposal]:
        found = await info.context.app.credit.own.list_proposals(info.context.ctx)
        return [CreditFacilityProposal.of(each) for each in found]

    @strawberry.field
    async def pending_credit_facilities(self, info: Info) -> list[PendingCreditFacility]:
        found = await info.context.app.credit.own.list_pendings(info.context.ctx)
        return [PendingCreditFacility.of(each) for each in found]


@strawberry.type
class Me:
    customer: Customer


@strawberry.type
class Query:
    @strawberry.field
    async def me(self, info: Info) -> Me:
        customers = info.context.app.customers
        found = await customers.find_own(info.context.ctx)
        return Me(customer=Customer.of(found, await customers.contacts.own(found.party_id)))
