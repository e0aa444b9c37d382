"""Agreements: made as PDFs by a job, read through links that work for a while."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from uuid import UUID

import strawberry

from lana.admin_server.common import Info
from lana.core import document as core
from lana.lib.graphql import entity


@strawberry.enum
class CreditFacilityAgreementStatus(Enum):
    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"


STATUSES = {
    core.DocumentStatus.NEW: CreditFacilityAgreementStatus.PENDING,
    core.DocumentStatus.FAILED: CreditFacilityAgreementStatus.FAILED,
}


@entity("creditFacilityAgreementId")
class CreditFacilityAgreement:
    credit_facility_agreement_id: UUID
    status: CreditFacilityAgreementStatus
    created_at: datetime

    @classmethod
    def of(cls, document: core.Document) -> CreditFacilityAgreement:
        return cls(
            credit_facility_agreement_id=document.id,
            status=STATUSES.get(document.status, CreditFacilityAgreementStatus.COMPLETED),
            created_at=document.created_at,
        )


@strawberry.input
class CreditFacilityAgreementGenerateInput:
    credit_facility_id: UUID


@strawberry.type
class CreditFacilityAgreementGeneratePayload:
    credit_facility_agreement: CreditFacilityAgreement


@strawberry.input
class CreditFacilityAgreementDownloadLinksGenerateInput:
    credit_facility_agreement_id: UUID


@strawberry.type
class CreditFacilityAgreementDownloadLinksGeneratePayload:
    link: str


@strawberry.type
class Query:
    @strawberry.field
    async def credit_facility_agreement(self, info: Info, id: UUID) -> CreditFacilityAgreement | None:
        papers = info.context.app.credit.loan_documents
        found = await papers.maybe_find_agreement(info.context.ctx, id)
        return CreditFacilityAgreement.of(found) if found else None


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def credit_facility_agreement_generate(
        self, info: Info, input: CreditFacilityAgreementGenerateInput
    ) -> CreditFacilityAgreementGeneratePayload:
        verb = info.context.app.credit.loan_documents.generate_agreement
        document = await info.context.command(verb, input.credit_facility_id)
        return CreditFacilityAgreementGeneratePayload(
            credit_facility_agreement=CreditFacilityAgreement.of(document)
        )

    @strawberry.mutation
    async def credit_facility_agreement_download_link_generate(
        self, info: Info, input: CreditFacilityAgreementDownloadLinksGenerateInput
    ) -> CreditFacilityAgreementDownloadLinksGeneratePayload:
        verb = info.context.app.credit.loan_documents.agreement_link
        link = await info.context.command(verb, input.credit_facility_agreement_id)
        return CreditFacilityAgreementDownloadLinksGeneratePayload(link=link)
