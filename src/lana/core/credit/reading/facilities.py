"""Facilities with their disbursals, balances, history and plan, as staff read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from lana.core.credit.allocation.entity import Allocation
from lana.core.credit.allocation.repo import AllocationRepo
from lana.core.credit.balances import FacilityBalance, FacilityBalances
from lana.core.credit.cvl import CollateralizationState
from lana.core.credit.disbursal.entity import Disbursal
from lana.core.credit.disbursal.repo import DisbursalRepo
from lana.core.credit.facility.entity import Facility
from lana.core.credit.facility.repo import FacilityRepo
from lana.core.credit.history import Entry
from lana.core.credit.plan import PlanEntry
from lana.core.credit.primitives import (
    CollateralAction,
    DisbursalAction,
    DisbursalStatus,
    FacilityAction,
    FacilityStatus,
    ObligationAction,
)
from lana.core.credit.reading.plans import Plans
from lana.core.credit.reading.records import FacilityRecords
from lana.core.public_id import PublicIds, TargetKind
from lana.lib.authz import Action, Authorizer, Scope
from lana.lib.pg.database import Database
from lana.lib.pg.page import Found, Order, Page


class FacilityReading:
    def __init__(
        self,
        db: Database,
        authz: Authorizer,
        public_ids: PublicIds,
        *,
        balances: FacilityBalances,
        plans: Plans,
        records: FacilityRecords,
    ) -> None:
        self.facilities = FacilityRepo(db)
        self.disbursals = DisbursalRepo(db)
        self.allocations = AllocationRepo(db)
        self._authz = authz
        self._public_ids = public_ids
        self._balances = balances
        self._plans = plans
        self._records = records

    # --- facilities -----------------------------------------------------------------------------------------

    async def maybe_find_facility(self, ctx: Scope, facility_id: UUID) -> Facility | None:
        self._authz.enforce(ctx, FacilityAction.READ, facility_id)
        return await self.facilities.peek(facility_id)

    async def maybe_find_facility_by_public_id(self, ctx: Scope, public_id: str) -> Facility | None:
        self._authz.enforce(ctx, FacilityAction.READ)
        target = await self._public_ids.target_of(public_id, TargetKind.CREDIT_FACILITY)
        return await self.facilities.peek(target) if target else None

    async def find_many_facilities(self, ctx: Scope, ids: Sequence[UUID]) -> Mapping[UUID, Facility]:
        self._authz.enforce(ctx, FacilityAction.READ, *ids)
        return await self.facilities.peek_many(ids)

    async def find_many_facilities_by_customer(
        self, ctx: Scope, customer_ids: Sequence[UUID]
    ) -> Mapping[UUID, Sequence[Facility]]:
        """Each one's, newest first."""
        self._authz.enforce(ctx, FacilityAction.LIST)
        return await self.facilities.of_parents(customer_ids)

    async def list_facilities(
        self,
        ctx: Scope,
        page: Page,
        order: Order | None = None,
        status: FacilityStatus | None = None,
        state: CollateralizationState | None = None,
    ) -> Found[Facility]:
        """By `created_at` or `ratio`, where what owes nothing is the largest."""
        self._authz.enforce(ctx, FacilityAction.LIST)
        return await self.facilities.list(page, order, {"status": status, "collateralization_state": state})

    async def balances_of(self, ctx: Scope, facilities: Sequence[Facility]) -> Mapping[UUID, FacilityBalance]:
        self._authz.enforce(ctx, FacilityAction.READ, *(facility.id for facility in facilities))
        return await self._balances.of(facilities)

    async def plans_of(
        self, ctx: Scope, facilities: Sequence[Facility]
    ) -> Mapping[UUID, Sequence[PlanEntry]]:
        self._authz.enforce(ctx, FacilityAction.READ, *(facility.id for facility in facilities))
        return await self._plans.of(facilities)

    async def find_many_histories(self, ctx: Scope, ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Entry]]:
        """Each one's, newest first."""
        self._authz.enforce(ctx, FacilityAction.READ, *ids)
        return await self._records.history_of(ids)

    # --- disbursals, allocations ----------------------------------------------------------------------------

    async def maybe_find_disbursal(self, ctx: Scope, disbursal_id: UUID) -> Disbursal | None:
        self._authz.enforce(ctx, DisbursalAction.READ, disbursal_id)
        return await self.disbursals.peek(disbursal_id)

    async def maybe_find_disbursal_by_public_id(self, ctx: Scope, public_id: str) -> Disbursal | None:
        self._authz.enforce(ctx, DisbursalAction.READ)
        target = await self._public_ids.target_of(public_id, TargetKind.DISBURSAL)
        return await self.disbursals.peek(target) if target else None

    async def find_many_disbursals(self, ctx: Scope, ids: Sequence[UUID]) -> Mapping[UUID, Disbursal]:
        self._authz.enforce(ctx, DisbursalAction.READ, *ids)
        return await self.disbursals.peek_many(ids)

    async def find_many_disbursals_by_settlement(
        self, ctx: Scope, transaction_ids: Sequence[UUID]
    ) -> Mapping[UUID, Disbursal]:
        """By the ledger transaction that paid them out."""
        self._authz.enforce(ctx, DisbursalAction.READ)
        ids = await self.disbursals.settled_by(transaction_ids)
        found = await self.disbursals.peek_many(list(ids.values()))
        return {tx: found[each] for tx, each in ids.items() if each in found}

    async def find_many_disbursals_by_facility(
        self, ctx: Scope, facility_ids: Sequence[UUID]
    ) -> Mapping[UUID, Sequence[Disbursal]]:
        """Each one's, newest first."""
        self._authz.enforce(ctx, DisbursalAction.LIST)
        return await self._records.disbursals_of(facility_ids)

    async def list_disbursals(
        self, ctx: Scope, page: Page, order: Order | None = None, status: DisbursalStatus | None = None
    ) -> Found[Disbursal]:
        """By `created_at` or `amount`."""
        self._authz.enforce(ctx, DisbursalAction.LIST)
        return await self.disbursals.list(page, order, {"status": status})

    async def find_many_allocations(self, ctx: Scope, ids: Sequence[UUID]) -> Mapping[UUID, Allocation]:
        self._authz.enforce(ctx, ObligationAction.READ, *ids)
        return await self.allocations.peek_many(ids)

    # --- flags beside a facility: permission only, nothing is recorded --------------------------------------

    def may(self, ctx: Scope, action: Action) -> bool:
        return self._authz.evaluate(ctx.subject, action)

    def may_complete(self, ctx: Scope) -> bool:
        return self.may(ctx, FacilityAction.COMPLETE)

    def may_initiate_disbursal(self, ctx: Scope) -> bool:
        return self.may(ctx, DisbursalAction.INITIATE)

    def may_record_payment(self, ctx: Scope) -> bool:
        return self.may(ctx, ObligationAction.RECORD_PAYMENT_ALLOCATION)

    def may_record_payment_with_date(self, ctx: Scope) -> bool:
        return self.may(ctx, ObligationAction.RECORD_PAYMENT_ALLOCATION_WITH_DATE)

    def may_update_collateral(self, ctx: Scope) -> bool:
        return self.may(ctx, CollateralAction.RECORD_MANUAL_UPDATE)
