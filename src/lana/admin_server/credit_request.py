"""What customers ask for, as staff see it and answer it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from enum import Enum
from uuid import UUID

import strawberry

from lana.admin_server.common import Info
from lana.admin_server.history import EventTimelineEntry, event_history
from lana.admin_server.refs import CreditFacilityProposalRef, CustomerRef, UserRef
from lana.admin_server.related import customer_of
from lana.admin_server.terms import TermsTemplate
from lana.core import credit as core
from lana.lib.graphql import Connection, PublicId, UsdCents, connection, entity, order_of
from lana.lib.graphql.live import row_updates
from lana.lib.outbox import PublicEvent
from lana.lib.pg.page import Direction, Page

strawberry.enum(core.RequestStatus, name="CreditRequestStatus")


@strawberry.type
class CreditRequestConsent:
    kind: str
    text_version: str
    given_at: datetime

    @classmethod
    def of(cls, consent: core.Consent) -> CreditRequestConsent:
        return cls(kind=consent.kind, text_version=consent.text_version, given_at=consent.given_at)


@entity("creditRequestId")
class CreditRequest:
    entity: strawberry.Private[core.CreditRequest]
    credit_request_id: UUID
    public_id: PublicId
    amount: UsdCents
    purpose: str
    note: str | None
    consents: list[CreditRequestConsent]
    status: core.RequestStatus
    decline_reason: str | None
    created_at: datetime

    @classmethod
    def of(cls, request: core.CreditRequest) -> CreditRequest:
        return cls(
            entity=request,
            credit_request_id=request.id,
            public_id=PublicId(request.public_id),
            amount=request.amount,
            purpose=request.purpose,
            note=request.note,
            consents=[CreditRequestConsent.of(consent) for consent in request.consents],
            status=request.status,
            decline_reason=request.decline_reason,
            created_at=request.created_at,
        )

    @strawberry.field
    async def customer(self, info: Info) -> CustomerRef:
        return await customer_of(info, self.entity.customer_id)

    @strawberry.field
    async def product(self, info: Info) -> TermsTemplate:
        request, wanted = info.context, self.entity.terms_template_id
        find_many = request.app.terms_templates.find_many
        return TermsTemplate.of(await request.need(find_many, wanted, "Terms template"))

    @strawberry.field
    async def assigned_to(self, info: Info) -> UserRef | None:
        if self.entity.assigned_to is None:
            return None
        from lana.admin_server import access

        request = info.context
        found = await request.load(request.app.access.find_many_users, self.entity.assigned_to)
        return access.User.of(found) if found else None

    @strawberry.field
    async def credit_facility_proposal(self, info: Info) -> CreditFacilityProposalRef | None:
        if self.entity.proposal_id is None:
            return None
        from lana.admin_server import credit_proposal

        request = info.context
        find_many = request.app.credit.proposal_reading.find_many_proposals
        found = await request.load(find_many, self.entity.proposal_id)
        return credit_proposal.CreditFacilityProposal.of(found) if found else None

    @strawberry.field
    def expires_at(self, info: Info) -> datetime | None:
        return info.context.app.credit_requests.expires_at(self.entity)

    @strawberry.field
    async def event_history(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[EventTimelineEntry]:
        source = info.context.app.credit_requests.repo.events
        return await event_history(source, self.credit_request_id, first, after)


async def requests_of(info: Info, customer_id: UUID) -> list[CreditRequest]:
    """Newest first."""
    request = info.context
    found = await request.load(request.app.credit_requests.find_many_of_customers, customer_id)
    return [CreditRequest.of(each) for each in found or ()]


@strawberry.enum
class CreditRequestsSortBy(Enum):
    CREATED_AT = "created_at"
    AMOUNT = "amount"


@strawberry.input
class CreditRequestsSort:
    by: CreditRequestsSortBy = CreditRequestsSortBy.CREATED_AT
    direction: Direction = Direction.DESC


@strawberry.input
class CreditRequestsFilter:
    status: core.RequestStatus | None = None


@strawberry.input
class CreditRequestTakeInput:
    credit_request_id: UUID


@strawberry.type
class CreditRequestTakePayload:
    credit_request: CreditRequest


@strawberry.input
class CreditRequestDeclineInput:
    credit_request_id: UUID
    reason: str


@strawberry.type
class CreditRequestDeclinePayload:
    credit_request: CreditRequest


@strawberry.type
class Query:
    @strawberry.field
    async def credit_request(self, info: Info, id: UUID) -> CreditRequest | None:
        found = await info.context.app.credit_requests.maybe_find_request(info.context.ctx, id)
        return CreditRequest.of(found) if found else None

    @strawberry.field
    async def credit_requests(
        self,
        info: Info,
        first: int,
        after: str | None = None,
        sort: CreditRequestsSort | None = CreditRequestsSort(),
        filter: CreditRequestsFilter | None = None,
    ) -> Connection[CreditRequest]:
        requests, ctx = info.context.app.credit_requests, info.context.ctx
        status = filter.status if filter else None
        found = await requests.list_requests(ctx, Page(first, after), order_of(sort), status)
        return connection(found, CreditRequest.of)


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def credit_request_take(
        self, info: Info, input: CreditRequestTakeInput
    ) -> CreditRequestTakePayload:
        verb = info.context.app.credit_requests.take
        request = await info.context.command(verb, input.credit_request_id)
        return CreditRequestTakePayload(credit_request=CreditRequest.of(request))

    @strawberry.mutation
    async def credit_request_decline(
        self, info: Info, input: CreditRequestDeclineInput
    ) -> CreditRequestDeclinePayload:
        verb = info.context.app.credit_requests.decline
        request = await info.context.command(verb, input.credit_request_id, input.reason)
        return CreditRequestDeclinePayload(credit_request=CreditRequest.of(request))


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def credit_request_updated(
        self, info: Info, credit_request_id: UUID
    ) -> AsyncGenerator[CreditRequest, None]:
        request = info.context

        def wanted(event: PublicEvent) -> bool:
            return isinstance(event, core.CreditRequestUpdated) and event.id == credit_request_id

        find = request.app.credit_requests.maybe_find_request
        shown = CreditRequest.of
        async for changed in row_updates(
            request, wanted, find, credit_request_id, shown=shown, label="Credit request"
        ):
            yield changed
