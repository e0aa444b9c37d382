"""The caller's own proposals and loans that wait for collateral: look, accept, decline."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import strawberry

from lana.app.views.credit import CreditFacilityRepaymentPlanEntry
from lana.app.views.terms import CvlPct, cvl_pct
from lana.core import credit as core
from lana.customer_server.common import Info
from lana.customer_server.credit import collateral_address, plan_entries
from lana.customer_server.terms import TermValues
from lana.lib.graphql import Satoshis, UsdCents

strawberry.enum(core.ProposalStatus, name="CreditFacilityProposalStatus")
strawberry.enum(core.ProposalEnd, name="CreditFacilityProposalEndReason")
strawberry.enum(core.PendingStatus, name="PendingCreditFacilityStatus")


@strawberry.type
class TermSheet:
    """What is accepted: its hash, and a link to read it that works for some minutes."""

    proposal: strawberry.Private[core.Proposal]
    sha256: str

    @strawberry.field
    async def link(self, info: Info) -> str:
        return await info.context.app.credit.loan_documents.own_term_sheet_link(self.proposal)


@strawberry.type
class CreditFacilityProposal:
    entity: strawberry.Private[core.Proposal]
    id: strawberry.ID
    credit_facility_proposal_id: UUID
    status: core.ProposalStatus
    end_reason: core.ProposalEnd | None
    facility_amount: UsdCents
    credit_facility_terms: TermValues
    term_sheet: TermSheet | None
    created_at: datetime

    @classmethod
    def of(cls, proposal: core.Proposal) -> CreditFacilityProposal:
        sheet = proposal.term_sheet
        return cls(
            entity=proposal,
            id=strawberry.ID(f"CreditFacilityProposal:{proposal.id}"),
            credit_facility_proposal_id=proposal.id,
            status=proposal.status,
            end_reason=proposal.end_reason,
            facility_amount=proposal.amount,
            credit_facility_terms=TermValues.of(proposal.terms),
            term_sheet=TermSheet(proposal=proposal, sha256=sheet.sha256) if sheet else None,
            created_at=proposal.created_at,
        )

    @strawberry.field
    async def repayment_plan(self, info: Info) -> list[CreditFacilityRepaymentPlanEntry]:
        return plan_entries(await info.context.app.credit.own.plan_as_offered(self.entity))


@strawberry.type
class PendingCreditFacility:
    entity: strawberry.Private[core.PendingFacility]
    id: strawberry.ID
    pending_credit_facility_id: UUID
    status: core.PendingStatus
    facility_amount: UsdCents
    credit_facility_terms: TermValues
    collateral: Satoshis
    collateralization_state: core.PendingState
    created_at: datetime

    @classmethod
    def of(cls, pending: core.PendingFacility) -> PendingCreditFacility:
        return cls(
            entity=pending,
            id=strawberry.ID(f"PendingCreditFacility:{pending.id}"),
            pending_credit_facility_id=pending.id,
            status=pending.status,
            facility_amount=pending.amount,
            credit_facility_terms=TermValues.of(pending.terms),
            collateral=pending.collateral,
            collateralization_state=pending.collateralization_state,
            created_at=pending.created_at,
        )

    @strawberry.field
    async def current_cvl(self, info: Info) -> CvlPct:
        price = await info.context.app.prices.peek()
        return cvl_pct(self.entity.cvl(price.price) if price else 0)

    @strawberry.field
    async def collateral_address(self, info: Info) -> str | None:
        """Where to send bitcoin; none where the bank takes it in by hand."""
        return await collateral_address(info, self.entity.collateral_id)

    @strawberry.field
    async def repayment_plan(self, info: Info) -> list[CreditFacilityRepaymentPlanEntry]:
        return plan_entries(await info.context.app.credit.own.plan_as_offered(self.entity))


@strawberry.input
class CreditFacilityProposalAcceptInput:
    proposal_id: UUID
    agreement_hash: str


@strawberry.type
class CreditFacilityProposalAcceptPayload:
    credit_facility_proposal: CreditFacilityProposal


@strawberry.input
class CreditFacilityProposalDeclineInput:
    proposal_id: UUID
    reason: str


@strawberry.type
class CreditFacilityProposalDeclinePayload:
    credit_facility_proposal: CreditFacilityProposal


@strawberry.type
class Query:
    @strawberry.field
    async def credit_facility_proposal(self, info: Info, id: UUID) -> CreditFacilityProposal | None:
        found = await info.context.app.credit.own.maybe_find_proposal(info.context.ctx, id)
        return CreditFacilityProposal.of(found) if found else None

    @strawberry.field
    async def pending_credit_facility(self, info: Info, id: UUID) -> PendingCreditFacility | None:
        found = await info.context.app.credit.own.maybe_find_pending(info.context.ctx, id)
        return PendingCreditFacility.of(found) if found else None


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def credit_facility_proposal_accept(
        self, info: Info, input: CreditFacilityProposalAcceptInput
    ) -> CreditFacilityProposalAcceptPayload:
        """With the hash of the term sheet that was read."""
        verb = info.context.app.credit.proposals.accept
        proposal = await info.context.command(verb, input.proposal_id, input.agreement_hash)
        return CreditFacilityProposalAcceptPayload(
            credit_facility_proposal=CreditFacilityProposal.of(proposal)
        )

    @strawberry.mutation
    async def credit_facility_proposal_decline(
        self, info: Info, input: CreditFacilityProposalDeclineInput
    ) -> CreditFacilityProposalDeclinePayload:
        verb = info.context.app.credit.proposals.decline
        proposal = await info.context.command(verb, input.proposal_id, input.reason)
        return CreditFacilityProposalDeclinePayload(
            credit_facility_proposal=CreditFacilityProposal.of(proposal)
        )
