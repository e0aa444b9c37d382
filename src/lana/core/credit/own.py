"""What a customer may see of their loans: what is theirs, each look kept for the audit.

Somebody else's proposal or pending facility is answered like one that does not exist; somebody else's
facility is refused by name, as clients expect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from lana.core.credit.allocation.entity import Allocation
from lana.core.credit.allocation.repo import AllocationRepo
from lana.core.credit.balances import FacilityBalance, FacilityBalances
from lana.core.credit.collateral.entity import Collateral
from lana.core.credit.collateral.repo import CollateralRepo
from lana.core.credit.disbursal.entity import Disbursal
from lana.core.credit.disbursal.repo import DisbursalRepo
from lana.core.credit.facility.entity import Facility
from lana.core.credit.facility.errors import CustomerMismatchForCreditFacility
from lana.core.credit.facility.repo import FacilityRepo
from lana.core.credit.history import Entry
from lana.core.credit.payment.entity import Payment
from lana.core.credit.payment.repo import PaymentRepo
from lana.core.credit.pending.entity import PendingFacility
from lana.core.credit.pending.repo import PendingFacilityRepo
from lana.core.credit.plan import PlanEntry
from lana.core.credit.primitives import DisbursalAction, FacilityAction, ObligationAction
from lana.core.credit.proposal.entity import Proposal
from lana.core.credit.proposal.repo import ProposalRepo
from lana.core.credit.reading.plans import Plans
from lana.core.credit.reading.records import FacilityRecords
from lana.lib.authz import Action, Authorizer, Check, Scope
from lana.lib.errors import NotAuthorized
from lana.lib.pg.database import Database


class OwnCredit:
    def __init__(
        self,
        db: Database,
        authz: Authorizer,
        *,
        balances: FacilityBalances,
        plans: Plans,
        records: FacilityRecords,
    ) -> None:
        self._proposals = ProposalRepo(db)
        self._pendings = PendingFacilityRepo(db)
        self._facilities = FacilityRepo(db)
        self._disbursals = DisbursalRepo(db)
        self._payments = PaymentRepo(db)
        self._allocations = AllocationRepo(db)
        self._collaterals = CollateralRepo(db)
        self._authz = authz
        self._balances = balances
        self._plans = plans
        self._records = records

    # --- proposals and pending facilities -------------------------------------------------------------------

    async def list_proposals(self, ctx: Scope) -> Sequence[Proposal]:
        self._list(ctx, FacilityAction.LIST)
        return await self._proposals.of_parent(ctx.subject.id)

    async def maybe_find_proposal(self, ctx: Scope, proposal_id: UUID) -> Proposal | None:
        self._customers_only(ctx, proposal_id)
        found = await self._proposals.peek(proposal_id)
        return found if found and self._is_own(ctx, proposal_id, found.customer_id) else None

    async def list_pendings(self, ctx: Scope) -> Sequence[PendingFacility]:
        self._list(ctx, FacilityAction.LIST)
        return await self._pendings.of_parent(ctx.subject.id)

    async def maybe_find_pending(self, ctx: Scope, pending_id: UUID) -> PendingFacility | None:
        self._customers_only(ctx, pending_id)
        found = await self._pendings.peek(pending_id)
        return found if found and self._is_own(ctx, pending_id, found.customer_id) else None

    async def plan_as_offered(self, loan: Proposal | PendingFacility) -> Sequence[PlanEntry]:
        """Of a loan found here: the facility's once it is active."""
        return await self._plans.of_loan(loan)

    # --- facilities -----------------------------------------------------------------------------------------

    async def list_facilities(self, ctx: Scope) -> Sequence[Facility]:
        self._list(ctx, FacilityAction.LIST)
        return await self._facilities.of_parent(ctx.subject.id)

    async def maybe_find_facility(self, ctx: Scope, facility_id: UUID) -> Facility | None:
        """CustomerMismatchForCreditFacility when it is somebody else's."""
        self._customers_only(ctx, facility_id)
        found = await self._facilities.peek(facility_id)
        if found is not None and not self._is_own(ctx, facility_id, found.customer_id):
            raise CustomerMismatchForCreditFacility
        return found

    async def find_many_facilities(self, ctx: Scope, ids: Sequence[UUID]) -> Mapping[UUID, Facility]:
        """Of an object the caller was given."""
        found = await self._facilities.peek_many(ids)
        answers = [self._is_own(ctx, each.id, each.customer_id) for each in found.values()]
        if not all(answers):
            raise CustomerMismatchForCreditFacility
        return found

    async def balance_of(self, facility: Facility) -> FacilityBalance:
        return (await self._balances.of([facility]))[facility.id]

    async def plan_of(self, facility: Facility) -> Sequence[PlanEntry]:
        return (await self._plans.of([facility]))[facility.id]

    async def history_of(self, facility: Facility) -> Sequence[Entry]:
        return (await self._records.history_of([facility.id]))[facility.id]

    async def collateral_of(self, collateral_id: UUID) -> Collateral:
        found = await self._collaterals.peek(collateral_id)
        if found is None:
            raise self._collaterals.not_found(collateral_id)
        return found

    async def disbursals_of(self, ctx: Scope, facility: Facility) -> Sequence[Disbursal]:
        self._list(ctx, DisbursalAction.LIST)
        return (await self._records.disbursals_of([facility.id]))[facility.id]

    async def payments_of(self, ctx: Scope, facility: Facility) -> Sequence[Payment]:
        self._list(ctx, ObligationAction.READ)
        return await self._payments.of_parent(facility.id)

    async def find_many_disbursals(self, ctx: Scope, ids: Sequence[UUID]) -> Mapping[UUID, Disbursal]:
        """Of a history the caller was given."""
        found = await self._disbursals.peek_many(ids)
        await self.find_many_facilities(ctx, list({each.facility_id for each in found.values()}))
        return found

    async def find_many_disbursals_by_settlement(
        self, ctx: Scope, transaction_ids: Sequence[UUID]
    ) -> Mapping[UUID, Disbursal]:
        """Of a history the caller was given."""
        ids = await self._disbursals.settled_by(transaction_ids)
        found = await self.find_many_disbursals(ctx, list(ids.values()))
        return {tx: found[each] for tx, each in ids.items() if each in found}

    async def find_many_allocations(self, ctx: Scope, ids: Sequence[UUID]) -> Mapping[UUID, Allocation]:
        """Of a history the caller was given."""
        found = await self._allocations.peek_many(ids)
        await self.find_many_facilities(ctx, list({each.beneficiary_id for each in found.values()}))
        return found

    def _is_own(self, ctx: Scope, object_id: UUID, owner: UUID) -> bool:
        return self._authz.enforce_owner(ctx, FacilityAction.READ, object_id, owner)

    @staticmethod
    def _customers_only(ctx: Scope, object_id: UUID) -> None:
        """Whoever is no customer owns nothing here, and does not learn what exists."""
        if not ctx.subject.is_customer:
            ctx.record(Check(ctx.subject, FacilityAction.READ, (object_id,), authorized=False))
            raise NotAuthorized

    @staticmethod
    def _list(ctx: Scope, action: Action) -> None:
        allowed = ctx.subject.is_customer
        ctx.record(Check(ctx.subject, action, (), allowed))
        if not allowed:
            raise NotAuthorized
