"""Collateral, liquidations and their calculator."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import Enum
from uuid import UUID

import strawberry

from lana.admin_server.common import Info
from lana.admin_server.credit_facility import CreditFacility, collateral_of
from lana.admin_server.deposit import ledger_account
from lana.admin_server.history import EventTimelineEntry, event_history
from lana.admin_server.refs import LedgerAccountRef
from lana.app.views.terms import CvlPct, cvl_pct
from lana.core import credit as core
from lana.lib.graphql import Connection, CVLPctValue, Satoshis, UsdCents, connection, entity, order_of
from lana.lib.pg.page import Direction, Page

strawberry.enum(core.ReleaseState, name="CollateralReleaseState")


@entity("collateralId")
class Collateral:
    entity: strawberry.Private[core.Collateral]
    collateral_id: UUID
    account_id: UUID
    wallet_id: UUID | None
    amount: Satoshis
    release_state: core.ReleaseState

    @classmethod
    def of(cls, collateral: core.Collateral) -> Collateral:
        return cls(
            entity=collateral,
            collateral_id=collateral.id,
            account_id=collateral.account_ids.collateral_account_id,
            wallet_id=collateral.custody_wallet_id,
            amount=collateral.amount,
            release_state=collateral.release_state,
        )

    @strawberry.field
    async def account(self, info: Info) -> LedgerAccountRef:
        return await ledger_account(info, self.account_id)

    @strawberry.field
    async def credit_facility(self, info: Info) -> CreditFacility | None:
        """None until it is activated."""
        request = info.context
        find_many = request.app.credit.facility_reading.find_many_facilities
        found = await request.load(find_many, self.entity.secured_loan_id)
        return CreditFacility.of(found) if found else None

    @strawberry.field
    async def event_history(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[EventTimelineEntry]:
        source = info.context.app.credit.collateral_reading.collaterals.events
        return await event_history(source, self.collateral_id, first, after)


@strawberry.type
class LiquidationCollateralSent:
    amount: Satoshis
    ledger_tx_id: UUID


@strawberry.type
class LiquidationProceedsReceived:
    amount: UsdCents
    ledger_tx_id: UUID


@entity("liquidationId")
class Liquidation:
    entity: strawberry.Private[core.Liquidation]
    liquidation_id: UUID
    collateral_id: UUID
    expected_to_receive: UsdCents
    initially_estimated_to_liquidate: Satoshis
    sent_total: Satoshis
    amount_received: UsdCents
    completed: bool
    cancelled: bool
    sent_collateral: list[LiquidationCollateralSent]
    received_proceeds: list[LiquidationProceedsReceived]
    created_at: datetime

    @classmethod
    def of(cls, liquidation: core.Liquidation) -> Liquidation:
        return cls(
            entity=liquidation,
            liquidation_id=liquidation.id,
            collateral_id=liquidation.collateral_id,
            expected_to_receive=liquidation.expected_to_receive,
            initially_estimated_to_liquidate=liquidation.initially_estimated_to_liquidate,
            sent_total=liquidation.sent_total,
            amount_received=liquidation.amount_received,
            completed=liquidation.completed,
            cancelled=liquidation.cancelled,
            sent_collateral=[
                LiquidationCollateralSent(amount=each.amount, ledger_tx_id=each.ledger_tx_id)
                for each in liquidation.sent
            ],
            received_proceeds=[
                LiquidationProceedsReceived(amount=each.amount, ledger_tx_id=each.ledger_tx_id)
                for each in liquidation.received
            ],
            created_at=liquidation.created_at,
        )

    @strawberry.field
    async def collateral(self, info: Info) -> Collateral:
        return Collateral.of(await collateral_of(info, self.collateral_id))

    @strawberry.field
    async def event_history(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[EventTimelineEntry]:
        source = info.context.app.credit.collateral_reading.liquidations.events
        return await event_history(source, self.liquidation_id, first, after)


@strawberry.enum
class LiquidationsSortBy(Enum):
    CREATED_AT = "created_at"
    EXPECTED_TO_RECEIVE = "expected_to_receive"
    AMOUNT_RECEIVED = "amount_received"
    SENT_TOTAL = "sent_total"


@strawberry.input
class LiquidationsSort:
    by: LiquidationsSortBy = LiquidationsSortBy.CREATED_AT
    direction: Direction = Direction.DESC


@strawberry.input
class LiquidationPaymentCalculateInput:
    liquidation_id: UUID
    outstanding: UsdCents
    to_receive: UsdCents | None = None
    to_liquidate: Satoshis | None = None
    target_cvl: CVLPctValue | None = None


@strawberry.type
class LiquidationPayment:
    price: UsdCents
    to_receive: UsdCents
    to_liquidate: Satoshis
    target_cvl: CvlPct
    effective_liquidation_price: UsdCents
    liquidation_premium_pct: Decimal


@strawberry.type
class Query:
    @strawberry.field
    async def liquidation(self, info: Info, id: UUID) -> Liquidation | None:
        found = await info.context.app.credit.collateral_reading.maybe_find_liquidation(info.context.ctx, id)
        return Liquidation.of(found) if found else None

    @strawberry.field
    async def liquidations(
        self,
        info: Info,
        first: int,
        after: str | None = None,
        sort: LiquidationsSort | None = LiquidationsSort(),
    ) -> Connection[Liquidation]:
        found = await info.context.app.credit.collateral_reading.list_liquidations(
            info.context.ctx, Page(first, after), order_of(sort)
        )
        return connection(found, Liquidation.of)

    @strawberry.field
    async def liquidation_payment_calculate(
        self, info: Info, input: LiquidationPaymentCalculateInput
    ) -> LiquidationPayment:
        found = await info.context.app.credit.liquidations.calculate(
            info.context.ctx,
            input.liquidation_id,
            input.outstanding,
            to_receive=input.to_receive,
            to_liquidate=input.to_liquidate,
            target_cvl=input.target_cvl,
        )
        return LiquidationPayment(
            price=found.price,
            to_receive=found.to_receive,
            to_liquidate=found.to_liquidate,
            target_cvl=cvl_pct(found.target_cvl),
            effective_liquidation_price=found.effective_liquidation_price,
            liquidation_premium_pct=found.liquidation_premium_pct,
        )
