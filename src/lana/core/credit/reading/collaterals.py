"""Collateral and liquidations, as staff read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from lana.core.credit.collateral.entity import Collateral
from lana.core.credit.collateral.repo import CollateralRepo
from lana.core.credit.liquidation.entity import Liquidation
from lana.core.credit.liquidation.repo import LiquidationRepo
from lana.core.credit.primitives import FacilityAction, LiquidationAction
from lana.lib.authz import Authorizer, Scope
from lana.lib.pg.database import Database
from lana.lib.pg.page import Found, Order, Page


class CollateralReading:
    """Who may read a facility may read what secures it."""

    def __init__(self, db: Database, authz: Authorizer) -> None:
        self.collaterals = CollateralRepo(db)
        self.liquidations = LiquidationRepo(db)
        self._authz = authz

    async def find_many_collaterals(self, ctx: Scope, ids: Sequence[UUID]) -> Mapping[UUID, Collateral]:
        self._authz.enforce(ctx, FacilityAction.READ)
        return await self.collaterals.peek_many(ids)

    async def maybe_find_liquidation(self, ctx: Scope, liquidation_id: UUID) -> Liquidation | None:
        self._authz.enforce(ctx, LiquidationAction.READ, liquidation_id)
        return await self.liquidations.peek(liquidation_id)

    async def find_many_liquidations_by_facility(
        self, ctx: Scope, facility_ids: Sequence[UUID]
    ) -> Mapping[UUID, Sequence[Liquidation]]:
        """Each one's, newest first."""
        self._authz.enforce(ctx, FacilityAction.READ)
        return await self.liquidations.of_parents(facility_ids)

    async def list_liquidations(
        self, ctx: Scope, page: Page, order: Order | None = None
    ) -> Found[Liquidation]:
        """By `created_at`, `expected_to_receive`, `amount_received` or `sent_total`."""
        self._authz.enforce(ctx, LiquidationAction.LIST)
        return await self.liquidations.list(page, order)
