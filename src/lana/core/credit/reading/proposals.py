"""Proposals and pending facilities, as staff read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from lana.core.credit.cvl import PendingState
from lana.core.credit.pending.entity import PendingFacility
from lana.core.credit.pending.repo import PendingFacilityRepo
from lana.core.credit.plan import PlanEntry
from lana.core.credit.primitives import FacilityAction, PendingStatus, ProposalStatus
from lana.core.credit.proposal.entity import Proposal
from lana.core.credit.proposal.repo import ProposalRepo
from lana.core.credit.reading.plans import Plans
from lana.lib.authz import Authorizer, Scope
from lana.lib.pg.database import Database
from lana.lib.pg.page import Found, Order, Page


class ProposalReading:
    def __init__(self, db: Database, authz: Authorizer, plans: Plans) -> None:
        self.proposals = ProposalRepo(db)
        self.pendings = PendingFacilityRepo(db)
        self._authz = authz
        self._plans = plans

    # --- proposals ------------------------------------------------------------------------------------------

    async def maybe_find_proposal(self, ctx: Scope, proposal_id: UUID) -> Proposal | None:
        self._authz.enforce(ctx, FacilityAction.READ, proposal_id)
        return await self.proposals.peek(proposal_id)

    async def find_many_proposals(self, ctx: Scope, ids: Sequence[UUID]) -> Mapping[UUID, Proposal]:
        self._authz.enforce(ctx, FacilityAction.READ, *ids)
        return await self.proposals.peek_many(ids)

    async def find_many_proposals_by_customer(
        self, ctx: Scope, customer_ids: Sequence[UUID]
    ) -> Mapping[UUID, Sequence[Proposal]]:
        """Each one's, newest first."""
        self._authz.enforce(ctx, FacilityAction.LIST)
        return await self.proposals.of_parents(customer_ids)

    async def list_proposals(
        self, ctx: Scope, page: Page, order: Order | None = None, status: ProposalStatus | None = None
    ) -> Found[Proposal]:
        """By `created_at` or `amount`."""
        self._authz.enforce(ctx, FacilityAction.LIST)
        return await self.proposals.list(page, order, {"status": status})

    # --- pending facilities ---------------------------------------------------------------------------------

    async def maybe_find_pending(self, ctx: Scope, pending_id: UUID) -> PendingFacility | None:
        self._authz.enforce(ctx, FacilityAction.READ, pending_id)
        return await self.pendings.peek(pending_id)

    async def find_many_pendings_by_customer(
        self, ctx: Scope, customer_ids: Sequence[UUID]
    ) -> Mapping[UUID, Sequence[PendingFacility]]:
        """Each one's, newest first."""
        self._authz.enforce(ctx, FacilityAction.LIST)
        return await self.pendings.of_parents(customer_ids)

    async def list_pendings(
        self,
        ctx: Scope,
        page: Page,
        order: Order | None = None,
        status: PendingStatus | None = None,
        state: PendingState | None = None,
    ) -> Found[PendingFacility]:
        """By `created_at` or `amount`."""
        self._authz.enforce(ctx, FacilityAction.LIST)
        return await self.pendings.list(page, order, {"status": status, "collateralization_state": state})

    # --- what would be repaid -------------------------------------------------------------------------------

    async def plan_of(self, ctx: Scope, loan: Proposal | PendingFacility) -> Sequence[PlanEntry]:
        self._authz.enforce(ctx, FacilityAction.READ, loan.id)
        return await self._plans.of_loan(loan)
