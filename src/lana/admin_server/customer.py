"""Prospects and customers."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from uuid import UUID

import strawberry

from lana.admin_server.common import Info
from lana.admin_server.history import EventTimelineEntry, event_history
from lana.admin_server.refs import (
    CreditFacilityProposalRef,
    CreditFacilityRef,
    CreditRequestRef,
    CustomerDocumentRef,
    DepositAccountRef,
    PendingCreditFacilityRef,
)
from lana.core import customer as core
from lana.lib.graphql import Connection, PublicId, connection, entity, order_of
from lana.lib.pg.page import Direction, Page

strawberry.enum(core.CustomerType)
strawberry.enum(core.ProspectStage)
strawberry.enum(core.KycStatus)
strawberry.enum(core.KycLevel)
strawberry.enum(core.CustomerStatus)
strawberry.enum(core.ConversionReason)


async def contact_of(info: Info, party_id: UUID) -> core.Contact:
    request = info.context
    found = await request.load(request.app.customers.contacts.find_many_contacts, party_id)
    return found or core.NOBODY


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


@entity("customerId")
class Customer:
    entity: strawberry.Private[core.Customer]
    customer_id: UUID
    public_id: PublicId
    customer_type: core.CustomerType
    status: core.CustomerStatus
    level: core.KycLevel
    conversion_reason: core.ConversionReason
    applicant_id: str | None
    created_at: datetime

    @classmethod
    def of(cls, customer: core.Customer) -> Customer:
        return cls(
            entity=customer,
            customer_id=customer.id,
            public_id=PublicId(customer.public_id),
            customer_type=customer.customer_type,
            status=customer.status,
            level=customer.level,
            conversion_reason=customer.conversion_reason,
            applicant_id=customer.applicant_id,
            created_at=customer.created_at,
        )

    @strawberry.field
    async def email(self, info: Info) -> str:
        return (await contact_of(info, self.entity.party_id)).email

    @strawberry.field
    async def telegram_handle(self, info: Info) -> str:
        return (await contact_of(info, self.entity.party_id)).telegram_handle

    @strawberry.field
    async def personal_info(self, info: Info) -> PersonalInfo | None:
        known = (await contact_of(info, self.entity.party_id)).personal_info
        return PersonalInfo.of(known) if known else None

    @strawberry.field
    async def deposit_account(self, info: Info) -> DepositAccountRef | None:
        from lana.admin_server import deposit

        request = info.context
        find_many = request.app.deposit_accounts.find_many_accounts_by_holder
        found = await request.load(find_many, self.customer_id)
        return deposit.DepositAccount.of(found) if found else None

    @strawberry.field
    async def documents(self, info: Info) -> list[CustomerDocumentRef]:
        from lana.admin_server import document

        request = info.context
        found = await request.load(request.app.customer_documents.find_many_by_customer, self.customer_id)
        return [document.CustomerDocument.of(each) for each in found or ()]

    @strawberry.field
    async def credit_facilities(self, info: Info) -> list[CreditFacilityRef]:
        from lana.admin_server import credit_facility

        request = info.context
        find_many = request.app.credit.facility_reading.find_many_facilities_by_customer
        found = await request.load(find_many, self.customer_id)
        return [credit_facility.CreditFacility.of(each) for each in found or ()]

    @strawberry.field
    async def credit_facility_proposals(self, info: Info) -> list[CreditFacilityProposalRef]:
        from lana.admin_server import credit_proposal

        request = info.context
        find_many = request.app.credit.proposal_reading.find_many_proposals_by_customer
        found = await request.load(find_many, self.customer_id)
        return [credit_proposal.CreditFacilityProposal.of(each) for each in found or ()]

    @strawberry.field
    async def pending_credit_facilities(self, info: Info) -> list[PendingCreditFacilityRef]:
        from lana.admin_server import credit_proposal

        request = info.context
        find_many = request.app.credit.proposal_reading.find_many_pendings_by_customer
        found = await request.load(find_many, self.customer_id)
        return [credit_proposal.PendingCreditFacility.of(each) for each in found or ()]

    @strawberry.field
    async def credit_requests(self, info: Info) -> list[CreditRequestRef]:
        from lana.admin_server import credit_request

        return await credit_request.requests_of(info, self.customer_id)

    @strawberry.field
    def user_can_create_credit_facility(self, info: Info) -> bool:
        return info.context.app.customers.may_create_credit_facility(info.context.ctx)

    @strawberry.field
    async def event_history(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[EventTimelineEntry]:
        return await event_history(info.context.app.customers.repo.events, self.customer_id, first, after)


@entity("prospectId")
class Prospect:
    entity: strawberry.Private[core.Prospect]
    prospect_id: UUID
    public_id: PublicId
    customer_type: core.CustomerType
    stage: core.ProspectStage
    kyc_status: core.KycStatus
    level: core.KycLevel
    applicant_id: str | None
    verification_link: str | None
    verification_link_created_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, prospect: core.Prospect) -> Prospect:
        return cls(
            entity=prospect,
            prospect_id=prospect.id,
            public_id=PublicId(prospect.public_id),
            customer_type=prospect.customer_type,
            stage=prospect.stage,
            kyc_status=prospect.kyc_status,
            level=prospect.level,
            applicant_id=prospect.applicant_id,
            verification_link=prospect.verification_link,
            verification_link_created_at=prospect.verification_link_created_at,
            created_at=prospect.created_at,
        )

    @strawberry.field
    async def email(self, info: Info) -> str:
        return (await contact_of(info, self.entity.party_id)).email

    @strawberry.field
    async def telegram_handle(self, info: Info) -> str:
        return (await contact_of(info, self.entity.party_id)).telegram_handle

    @strawberry.field
    async def personal_info(self, info: Info) -> PersonalInfo | None:
        known = (await contact_of(info, self.entity.party_id)).personal_info
        return PersonalInfo.of(known) if known else None

    @strawberry.field
    async def customer(self, info: Info) -> Customer | None:
        if not self.entity.is_converted:
            return None
        request = info.context
        found = await request.load(request.app.customers.find_many_customers, self.prospect_id)
        return Customer.of(found) if found else None

    @strawberry.field
    async def event_history(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[EventTimelineEntry]:
        return await event_history(info.context.app.prospects.repo.events, self.prospect_id, first, after)


@strawberry.enum
class CustomersSortBy(Enum):
    CREATED_AT = "created_at"


@strawberry.input
class CustomersSort:
    by: CustomersSortBy = CustomersSortBy.CREATED_AT
    direction: Direction = Direction.DESC


@strawberry.enum
class ProspectsSortBy(Enum):
    CREATED_AT = "created_at"


@strawberry.input
class ProspectsSort:
    by: ProspectsSortBy = ProspectsSortBy.CREATED_AT
    direction: Direction = Direction.DESC


@strawberry.input
class CustomersFilter:
    customer_type: core.CustomerType | None = None
    status: core.CustomerStatus | None = None


@strawberry.input
class ProspectsFilter:
    stage: core.ProspectStage | None = None
    customer_type: core.CustomerType | None = None


@strawberry.type
class Query:
    @strawberry.field
    async def customer(self, info: Info, id: UUID) -> Customer | None:
        found = await info.context.app.customers.maybe_find_customer(info.context.ctx, id)
        return Customer.of(found) if found else None

    @strawberry.field
    async def customer_by_email(self, info: Info, email: str) -> Customer | None:
        found = await info.context.app.customers.maybe_find_customer_by_email(info.context.ctx, email)
        return Customer.of(found) if found else None

    @strawberry.field
    async def customer_by_public_id(self, info: Info, id: PublicId) -> Customer | None:
        found = await info.context.app.customers.maybe_find_customer_by_public_id(info.context.ctx, id)
        return Customer.of(found) if found else None

    @strawberry.field
    async def customers(
        self,
        info: Info,
        first: int,
        after: str | None = None,
        sort: CustomersSort | None = CustomersSort(),
        filter: CustomersFilter | None = None,
    ) -> Connection[Customer]:
        asked = filter or CustomersFilter()
        found = await info.context.app.customers.list_customers(
            info.context.ctx, Page(first, after), order_of(sort), asked.customer_type, asked.status
        )
        return connection(found, Customer.of)

    @strawberry.field
    async def customer_document(self, info: Info, id: UUID) -> CustomerDocumentRef | None:
        from lana.admin_server import document

        found = await info.context.app.customer_documents.maybe_find(info.context.ctx, id)
        return document.CustomerDocument.of(found) if found else None

    @strawberry.field
    async def prospect(self, info: Info, id: UUID) -> Prospect | None:
        found = await info.context.app.prospects.maybe_find_prospect(info.context.ctx, id)
        return Prospect.of(found) if found else None

    @strawberry.field
    async def prospect_by_public_id(self, info: Info, id: PublicId) -> Prospect | None:
        found = await info.context.app.prospects.maybe_find_prospect_by_public_id(info.context.ctx, id)
        return Prospect.of(found) if found else None

    @strawberry.field
    async def prospects(
        self,
        info: Info,
        first: int,
        after: str | None = None,
        sort: ProspectsSort | None = ProspectsSort(),
        filter: ProspectsFilter | None = None,
    ) -> Connection[Prospect]:
        asked = filter or ProspectsFilter()
        found = await info.context.app.prospects.list_prospects(
            info.context.ctx, Page(first, after), order_of(sort), asked.stage, asked.customer_type
        )
        return connection(found, Prospect.of)
