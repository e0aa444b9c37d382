"""Proposals and pending facilities."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from uuid import UUID

import strawberry

from lana.admin_server.common import Info
from lana.admin_server.credit_facility import wallet_of
from lana.admin_server.history import EventTimelineEntry, event_history
from lana.admin_server.refs import ApprovalProcessRef, CustodianRef, CustomerRef, WalletRef
from lana.admin_server.related import customer_of, process_of
from lana.admin_server.terms import TermValues
from lana.app.views.credit import CreditFacilityRepaymentPlanEntry
from lana.app.views.terms import CvlPct, cvl_pct
from lana.core import credit as core
from lana.lib.graphql import Connection, Satoshis, UsdCents, connection, entity, order_of
from lana.lib.pg.page import Direction, Page

strawberry.enum(core.ProposalStatus, name="CreditFacilityProposalStatus")
strawberry.enum(core.ProposalEnd, name="CreditFacilityProposalEndReason")
strawberry.enum(core.PendingStatus, name="PendingCreditFacilityStatus")


@entity("creditFacilityProposalId")
class CreditFacilityProposal:
    entity: strawberry.Private[core.Proposal]
    credit_facility_proposal_id: UUID
    approval_process_id: UUID | None
    status: core.ProposalStatus
    end_reason: core.ProposalEnd | None
    decline_reason: str | None
    facility_amount: UsdCents
    credit_facility_terms: TermValues
    created_at: datetime

    @classmethod
    def of(cls, proposal: core.Proposal) -> CreditFacilityProposal:
        return cls(
            entity=proposal,
            credit_facility_proposal_id=proposal.id,
            approval_process_id=proposal.approval_process_id,
            status=proposal.status,
            end_reason=proposal.end_reason,
            decline_reason=proposal.decline_reason,
            facility_amount=proposal.amount,
            credit_facility_terms=TermValues.of(proposal.terms),
            created_at=proposal.created_at,
        )

    @strawberry.field
    async def customer(self, info: Info) -> CustomerRef:
        return await customer_of(info, self.entity.customer_id)

    @strawberry.field
    async def custodian(self, info: Info) -> CustodianRef:
        from lana.admin_server import custody

        request = info.context
        find_many = request.app.custodians.find_many_custodians
        return custody.Custodian.of(await request.need(find_many, self.entity.custodian_id, "Custodian"))

    @strawberry.field
    async def approval_process(self, info: Info) -> ApprovalProcessRef | None:
        return await process_of(info, self.approval_process_id) if self.approval_process_id else None

    @strawberry.field
    async def repayment_plan(self, info: Info) -> list[CreditFacilityRepaymentPlanEntry]:
        found = await info.context.app.credit.proposal_reading.plan_of(info.context.ctx, self.entity)
        return [CreditFacilityRepaymentPlanEntry.of(each) for each in found]

    @strawberry.field
    async def event_history(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[EventTimelineEntry]:
        source = info.context.app.credit.proposal_reading.proposals.events
        return await event_history(source, self.credit_facility_proposal_id, first, after)


@entity("pendingCreditFacilityId")
class PendingCreditFacility:
    entity: strawberry.Private[core.PendingFacility]
    pending_credit_facility_id: UUID
    credit_facility_id: UUID
    approval_process_id: UUID
    collateral_id: UUID
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
            pending_credit_facility_id=pending.id,
            credit_facility_id=pending.id,
            approval_process_id=pending.approval_process_id,
            collateral_id=pending.collateral_id,
            status=pending.status,
            facility_amount=pending.amount,
            credit_facility_terms=TermValues.of(pending.terms),
            collateral=pending.collateral,
            collateralization_state=pending.collateralization_state,
            created_at=pending.created_at,
        )

    @strawberry.field
    async def customer(self, info: Info) -> CustomerRef:
        return await customer_of(info, self.entity.customer_id)

    @strawberry.field
    async def approval_process(self, info: Info) -> ApprovalProcessRef:
        return await process_of(info, self.approval_process_id)

    @strawberry.field
    async def current_cvl(self, info: Info) -> CvlPct:
        """Of the collateral on the facility's amount, at the price of this moment."""
        price = await info.context.app.prices.peek()
        return cvl_pct(self.entity.cvl(price.price) if price else 0)

    @strawberry.field
    async def wallet(self, info: Info) -> WalletRef | None:
        return await wallet_of(info, self.collateral_id)

    @strawberry.field
    async def repayment_plan(self, info: Info) -> list[CreditFacilityRepaymentPlanEntry]:
        found = await info.context.app.credit.proposal_reading.plan_of(info.context.ctx, self.entity)
        return [CreditFacilityRepaymentPlanEntry.of(each) for each in found]

    @strawberry.field
    async def event_history(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[EventTimelineEntry]:
        source = info.context.app.credit.proposal_reading.pendings.events
        return await event_history(source, self.pending_credit_facility_id, first, after)


@strawberry.enum
class CreditFacilityProposalsSortBy(Enum):
    CREATED_AT = "created_at"
    FACILITY_AMOUNT = "amount"


@strawberry.input
class CreditFacilityProposalsSort:
    by: CreditFacilityProposalsSortBy = CreditFacilityProposalsSortBy.CREATED_AT
    direction: Direction = Direction.DESC


@strawberry.input
class CreditFacilityProposalsFilter:
    status: core.ProposalStatus | None = None


@strawberry.enum
class PendingCreditFacilitiesSortBy(Enum):
    CREATED_AT = "created_at"
    FACILITY_AMOUNT = "amount"


@strawberry.input
class PendingCreditFacilitiesSort:
    by: PendingCreditFacilitiesSortBy = PendingCreditFacilitiesSortBy.CREATED_AT
    direction: Direction = Direction.DESC


@strawberry.input
class PendingCreditFacilitiesFilter:
    status: core.PendingStatus | None = None
    collateralization_state: core.PendingState | None = None


@strawberry.type
class Query:
    @strawberry.field
    async def credit_facility_proposal(self, info: Info, id: UUID) -> CreditFacilityProposal | None:
        found = await info.context.app.credit.proposal_reading.maybe_find_proposal(info.context.ctx, id)
        return CreditFacilityProposal.of(found) if found else None

    @strawberry.field
    async def credit_facility_proposals(
        self,
        info: Info,
        first: int,
        after: str | None = None,
        sort: CreditFacilityProposalsSort | None = CreditFacilityProposalsSort(),
        filter: CreditFacilityProposalsFilter | None = None,
    ) -> Connection[CreditFacilityProposal]:
        asked = filter or CreditFacilityProposalsFilter()
        found = await info.context.app.credit.proposal_reading.list_proposals(
            info.context.ctx, Page(first, after), order_of(sort), asked.status
        )
        return connection(found, CreditFacilityProposal.of)

    @strawberry.field
    async def pending_credit_facility(self, info: Info, id: UUID) -> PendingCreditFacility | None:
        found = await info.context.app.credit.proposal_reading.maybe_find_pending(info.context.ctx, id)
        return PendingCreditFacility.of(found) if found else None

    @strawberry.field
    async def pending_credit_facilities(
        self,
        info: Info,
        first: int,
        after: str | None = None,
        sort: PendingCreditFacilitiesSort | None = PendingCreditFacilitiesSort(),
        filter: PendingCreditFacilitiesFilter | None = None,
    ) -> Connection[PendingCreditFacility]:
        asked = filter or PendingCreditFacilitiesFilter()
        found = await info.context.app.credit.proposal_reading.list_pendings(
            info.context.ctx,
            Page(first, after),
            order_of(sort),
            asked.status,
            asked.collateralization_state,
        )
        return connection(found, PendingCreditFacility.of)
