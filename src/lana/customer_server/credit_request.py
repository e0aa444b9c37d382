"""What the caller asks the bank for: products, drafts, requests."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from uuid import UUID

import strawberry

from lana.core import credit as core
from lana.core import terms
from lana.customer_server.common import Info
from lana.customer_server.terms import TermValues
from lana.lib.graphql import PublicId, UsdCents
from lana.lib.graphql.live import row_updates
from lana.lib.outbox import PublicEvent

strawberry.enum(core.RequestStatus, name="CreditRequestStatus")


@strawberry.type
class CreditProduct:
    """Terms the bank offers."""

    id: strawberry.ID
    product_id: UUID
    name: str
    offered: bool
    min_amount: UsdCents | None
    max_amount: UsdCents | None
    required_documents: list[str]
    terms: TermValues

    @classmethod
    def of(cls, template: terms.TermsTemplate) -> CreditProduct:
        return cls(
            id=strawberry.ID(f"CreditProduct:{template.id}"),
            product_id=template.id,
            name=template.name,
            offered=template.offer.offered,
            min_amount=template.offer.min_amount,
            max_amount=template.offer.max_amount,
            required_documents=list(template.offer.required_documents),
            terms=TermValues.of(template.values),
        )


async def product_of(info: Info, product_id: UUID) -> CreditProduct:
    request = info.context
    found = await request.need(request.app.own_credit_requests.find_many_products, product_id, "Product")
    return CreditProduct.of(found)


@strawberry.type
class CreditRequestConsent:
    """`givenAt` is when the bank received it; a draft's consents are not given yet."""

    kind: str
    text_version: str
    given_at: datetime | None

    @classmethod
    def of(cls, consent: core.ConsentText) -> CreditRequestConsent:
        return cls(
            kind=consent.kind,
            text_version=consent.text_version,
            given_at=consent.given_at if isinstance(consent, core.Consent) else None,
        )


@strawberry.type
class CreditRequest:
    entity: strawberry.Private[core.CreditRequest]
    id: strawberry.ID
    credit_request_id: UUID
    public_id: PublicId
    amount: UsdCents
    purpose: str
    note: str | None
    consents: list[CreditRequestConsent]
    status: core.RequestStatus
    decline_reason: str | None
    credit_facility_proposal_id: UUID | None
    created_at: datetime

    @classmethod
    def of(cls, request: core.CreditRequest) -> CreditRequest:
        return cls(
            entity=request,
            id=strawberry.ID(f"CreditRequest:{request.id}"),
            credit_request_id=request.id,
            public_id=PublicId(request.public_id),
            amount=request.amount,
            purpose=request.purpose,
            note=request.note,
            consents=[CreditRequestConsent.of(consent) for consent in request.consents],
            status=request.status,
            decline_reason=request.decline_reason,
            credit_facility_proposal_id=request.proposal_id,
            created_at=request.created_at,
        )

    @strawberry.field
    async def product(self, info: Info) -> CreditProduct:
        return await product_of(info, self.entity.terms_template_id)

    @strawberry.field
    def expires_at(self, info: Info) -> datetime | None:
        return info.context.app.credit_requests.expires_at(self.entity)


@strawberry.type
class CreditRequestDraft:
    wanted: strawberry.Private[UUID]
    amount: UsdCents | None
    purpose: str | None
    note: str | None
    consents: list[CreditRequestConsent]
    updated_at: datetime

    @classmethod
    def of(cls, draft: core.StoredDraft) -> CreditRequestDraft:
        content = draft.content
        return cls(
            wanted=draft.terms_template_id,
            amount=content.amount,
            purpose=content.purpose,
            note=content.note,
            consents=[CreditRequestConsent.of(consent) for consent in content.consents],
            updated_at=draft.updated_at,
        )

    @strawberry.field
    async def product(self, info: Info) -> CreditProduct:
        return await product_of(info, self.wanted)


@strawberry.input
class CreditRequestConsentInput:
    kind: str
    text_version: str


def consents_of(given: Sequence[CreditRequestConsentInput]) -> tuple[core.ConsentText, ...]:
    return tuple(core.ConsentText(kind=each.kind, text_version=each.text_version) for each in given)


@strawberry.input
class CreditRequestSaveDraftInput:
    product_id: UUID
    amount: UsdCents | None = None
    purpose: str | None = None
    note: str | None = None
    consents: list[CreditRequestConsentInput] = strawberry.field(
        default_factory=list[CreditRequestConsentInput]
    )


@strawberry.type
class CreditRequestSaveDraftPayload:
    credit_request_draft: CreditRequestDraft


@strawberry.input
class CreditRequestSubmitInput:
    product_id: UUID
    amount: UsdCents
    purpose: str
    note: str | None = None
    consents: list[CreditRequestConsentInput] = strawberry.field(
        default_factory=list[CreditRequestConsentInput]
    )


@strawberry.type
class CreditRequestSubmitPayload:
    credit_request: CreditRequest


@strawberry.input
class CreditRequestWithdrawInput:
    credit_request_id: UUID


@strawberry.type
class CreditRequestWithdrawPayload:
    credit_request: CreditRequest


@strawberry.type
class Query:
    @strawberry.field
    async def credit_products(self, info: Info) -> list[CreditProduct]:
        """What may be asked for, by name."""
        found = await info.context.app.own_credit_requests.list_products(info.context.ctx)
        return [CreditProduct.of(template) for template in found]

    @strawberry.field
    async def credit_request(self, info: Info, id: UUID) -> CreditRequest | None:
        found = await info.context.app.own_credit_requests.maybe_find_request(info.context.ctx, id)
        return CreditRequest.of(found) if found else None


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def credit_request_save_draft(
        self, info: Info, input: CreditRequestSaveDraftInput
    ) -> CreditRequestSaveDraftPayload:
        draft = core.Draft(
            amount=input.amount,
            purpose=input.purpose,
            note=input.note,
            consents=consents_of(input.consents),
        )
        verb = info.context.app.own_credit_requests.save_draft
        saved = await info.context.command(verb, input.product_id, draft)
        return CreditRequestSaveDraftPayload(credit_request_draft=CreditRequestDraft.of(saved))

    @strawberry.mutation
    async def credit_request_submit(
        self, info: Info, input: CreditRequestSubmitInput
    ) -> CreditRequestSubmitPayload:
        application = core.Application(
            amount=input.amount,
            purpose=input.purpose,
            note=input.note,
            consents=consents_of(input.consents),
        )
        verb = info.context.app.own_credit_requests.submit
        request = await info.context.command(verb, input.product_id, application)
        return CreditRequestSubmitPayload(credit_request=CreditRequest.of(request))

    @strawberry.mutation
    async def credit_request_withdraw(
        self, info: Info, input: CreditRequestWithdrawInput
    ) -> CreditRequestWithdrawPayload:
        verb = info.context.app.own_credit_requests.withdraw
        request = await info.context.command(verb, input.credit_request_id)
        return CreditRequestWithdrawPayload(credit_request=CreditRequest.of(request))


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def credit_request_updated(
        self, info: Info, credit_request_id: UUID
    ) -> AsyncGenerator[CreditRequest, None]:
        request = info.context

        def wanted(event: PublicEvent) -> bool:
            return isinstance(event, core.CreditRequestUpdated) and event.id == credit_request_id

        find = request.app.own_credit_requests.maybe_find_request
        shown = CreditRequest.of
        async for changed in row_updates(
            request, wanted, find, credit_request_id, shown=shown, label="Credit request"
        ):
            yield changed
