"""Liquidations: collateral sent to be sold, its proceeds applied to what is owed, cancelled while nothing is
sent; over with their loan.
"""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from lana.core.credit.calculator import Calculation, calculate
from lana.core.credit.collateral.entity import Change, Collateral
from lana.core.credit.collateral.errors import (
    AmountIsZero,
    LiquidationNotCancellable,
    LiquidationNotFound,
    NothingSentToLiquidation,
)
from lana.core.credit.collateral.repo import CollateralRepo
from lana.core.credit.collaterals import Collaterals
from lana.core.credit.cvl import CollateralizationState
from lana.core.credit.facility.entity import Facility
from lana.core.credit.facility.repo import FacilityRepo
from lana.core.credit.history import CollateralSentOut, RepaymentAmountReceived, tell
from lana.core.credit.ledger import CreditLedger
from lana.core.credit.liquidation.entity import Liquidation
from lana.core.credit.liquidation.repo import LiquidationRepo
from lana.core.credit.margins import Margins
from lana.core.credit.payments import Payments
from lana.core.credit.primitives import CollateralAction, CollateralDirection, LiquidationAction
from lana.core.credit.public import (
    LiquidationCollateralSentOut,
    LiquidationCompleted,
    LiquidationProceedsReceived,
)
from lana.core.price import PriceStale
from lana.lib.authz import Authorizer, Scope
from lana.lib.es.entity import DONE
from lana.lib.es.op import Op
from lana.lib.money import Satoshis, UsdCents, require_cents
from lana.lib.pg.database import Database


class Liquidations:
    def __init__(
        self,
        db: Database,
        authz: Authorizer,
        *,
        margins: Margins,
        payments: Payments,
        collaterals: Collaterals,
    ) -> None:
        self.repo = LiquidationRepo(db)
        self._collaterals = CollateralRepo(db)
        self._facilities = FacilityRepo(db)
        self._authz = authz
        self._margins = margins
        self._payments = payments
        self._changes = collaterals
        self._ledger = CreditLedger()

    async def record_sent(self, op: Op, collateral_id: UUID, amount: Satoshis) -> Collateral:
        """Before or after the coins leave their wallet. NoActiveLiquidation, AmountExceedsCollateral,
        CollateralReleased. 0 changes nothing.
        """
        self._authz.enforce(op, CollateralAction.RECORD_LIQUIDATION_UPDATE, collateral_id)
        collateral = await op.find(self._collaterals, collateral_id)
        liquidation = await op.find(self.repo, collateral.require_liquidation())
        tx_id, reversal_id, gone = op.new_id(), op.new_id(), collateral.already_left(amount)
        if collateral.send_to_liquidation(amount, tx_id, reversal_id) is not DONE:
            return collateral
        liquidation.send(amount, tx_id, op.today)
        if gone:
            self._take_back(op, collateral, gone, reversal_id, Satoshis(collateral.amount + amount))
        self._ledger.send_to_liquidation(op, tx_id, collateral.account_ids, amount)
        change = Change(amount=amount, direction=CollateralDirection.REMOVE)
        self._changes.announce(op, collateral, change, tx_id, collateral.amount)
        op.publish(
            LiquidationCollateralSentOut(
                liquidation_id=liquidation.id,
                secured_loan_id=collateral.secured_loan_id,
                amount=amount,
                ledger_tx_id=tx_id,
                recorded_at=op.now,
                effective=op.today,
            )
        )
        told = CollateralSentOut(amount=amount, ledger_transaction_id=tx_id)
        tell(op, collateral.secured_loan_id, told)
        await self._changes.held(op, collateral)
        return collateral

    def _take_back(
        self, op: Op, collateral: Collateral, gone: Satoshis, tx_id: UUID, total: Satoshis
    ) -> None:
        """The removal booked when coins left the wallet, so that they can be sent."""
        self._ledger.add_collateral(op, tx_id, collateral.account_ids, gone, op.today)
        change = Change(amount=gone, direction=CollateralDirection.ADD)
        self._changes.announce(op, collateral, change, tx_id, total)

    async def record_proceeds(
        self, op: Op, collateral_id: UUID, amount: UsdCents, *, completes: bool = True
    ) -> Collateral:
        """What the sale brought pays what is owed, the rest is the customer's. Still under the threshold
        after it, a new liquidation starts. 0 ends one whose tranches brought all there is to come.
        NoActiveLiquidation, AmountIsZero, AmountTooLarge, NothingSentToLiquidation.
        """
        self._authz.enforce(op, CollateralAction.RECORD_PAYMENT_RECEIVED_FROM_LIQUIDATION, collateral_id)
        collateral = await op.find(self._collaterals, collateral_id)
        liquidation = await op.find(self.repo, collateral.require_liquidation())
        if amount == 0:
            if not (completes and liquidation.is_sold):
                raise AmountIsZero(field="amount")
            facility = await op.find(self._facilities, collateral.secured_loan_id)
            await self.end(op, facility)
            await self._margins.look(op, facility)
            return collateral
        require_cents(amount)
        if liquidation.sent_total == 0:
            raise NothingSentToLiquidation(liquidation.id)
        tx_id, payment_id = op.new_id(), op.new_id()
        proceeds = collateral.liquidation_account_ids.proceeds_from_liquidation_account_id
        self._ledger.receive_proceeds(
            op,
            tx_id,
            collateral.account_ids,
            proceeds_account_id=proceeds,
            amount=amount,
            liquidated=liquidation.not_yet_liquidated,
        )
        collateral.receive_proceeds(amount, ledger_tx_id=tx_id, payment_id=payment_id, completes=completes)
        liquidation.receive(amount, tx_id, op.today, completes=completes)
        self._announce(op, collateral, liquidation, amount, (tx_id, payment_id))
        await self._apply(op, collateral, liquidation, amount, payment_id)
        return collateral

    async def _apply(
        self, op: Op, collateral: Collateral, liquidation: Liquidation, amount: UsdCents, payment_id: UUID
    ) -> None:
        facility = await op.find(self._facilities, collateral.secured_loan_id)
        facility.apply_proceeds(liquidation.id, completes=liquidation.completed)
        await self._payments.apply_proceeds(op, facility, payment_id, amount)
        await self._margins.look(op, facility)

    @staticmethod
    def _announce(
        op: Op,
        collateral: Collateral,
        liquidation: Liquidation,
        amount: UsdCents,
        ids: tuple[UUID, UUID],
    ) -> None:
        tx_id, payment_id = ids
        loan_id = collateral.secured_loan_id
        op.publish(
            LiquidationProceedsReceived(
                liquidation_id=liquidation.id,
                secured_loan_id=loan_id,
                amount=amount,
                ledger_tx_id=tx_id,
                recorded_at=op.now,
                effective=op.today,
                collateral_id=collateral.id,
                payment_id=payment_id,
            )
        )
        tell(op, loan_id, RepaymentAmountReceived(cents=amount, ledger_transaction_id=tx_id))
        if liquidation.completed:
            op.publish(LiquidationCompleted(liquidation_id=liquidation.id, secured_loan_id=loan_id))

    async def cancel(self, op: Op, liquidation_id: UUID) -> Liquidation:
        """LiquidationNotFound; LiquidationNotCancellable when coins were sent (as of each completed one), or
        it is still needed.
        """
        self._authz.enforce(op, CollateralAction.RECORD_LIQUIDATION_UPDATE)
        liquidation = await op.maybe_find(self.repo, liquidation_id)
        if liquidation is None:
            raise LiquidationNotFound(liquidation_id)
        if liquidation.cancelled:
            return liquidation
        facility = await op.find(self._facilities, liquidation.facility_id)
        under = facility.collateralization_state is CollateralizationState.UNDER_LIQUIDATION_THRESHOLD
        if liquidation.sent_total or under:
            raise LiquidationNotCancellable(liquidation_id)
        liquidation.cancel()
        await self._over(op, facility, liquidation)
        return liquidation

    async def end(self, op: Op, facility: Facility) -> None:
        """Nothing more is to come: what is under way is over. CollateralInLiquidation while coins are out."""
        if facility.liquidation is not None:
            liquidation = await op.find(self.repo, facility.liquidation.liquidation_id)
            liquidation.end()
            await self._over(op, facility, liquidation)

    async def _over(self, op: Op, facility: Facility, liquidation: Liquidation) -> None:
        """With no more proceeds: collateral and facility learn of it."""
        collateral = await op.find(self._collaterals, liquidation.collateral_id)
        if liquidation.cancelled:
            collateral.cancel_liquidation()
            facility.cancel_liquidation(liquidation.id)
            return
        collateral.complete_liquidation()
        facility.apply_proceeds(liquidation.id, completes=True)
        op.publish(LiquidationCompleted(liquidation_id=liquidation.id, secured_loan_id=facility.id))

    async def calculate(
        self,
        ctx: Scope,
        liquidation_id: UUID,
        outstanding: UsdCents,
        *,
        to_receive: UsdCents | None = None,
        to_liquidate: Satoshis | None = None,
        target_cvl: Decimal | None = None,
    ) -> Calculation:
        """At the price of this moment. LiquidationNotFound, InvalidLiquidationPaymentCalculationInput."""
        self._authz.enforce(ctx, LiquidationAction.READ, liquidation_id)
        liquidation = await self.repo.peek(liquidation_id)
        collateral = await self._collaterals.peek(liquidation.collateral_id) if liquidation else None
        if collateral is None:
            raise LiquidationNotFound(liquidation_id)
        price = await self._margins.prices.peek()
        if price is None:
            raise PriceStale("there is no price yet")
        return calculate(
            collateral.amount,
            outstanding,
            price.price,
            to_receive=to_receive,
            to_liquidate=to_liquidate,
            target_cvl=target_cvl,
        )
