"""Where a facility's collateral or debt changes, its state of collateralization follows in the same Op.

Nothing is missed, because of three things together:
* Whoever looks guards the accepted price: an Op decided at an older price runs again (`Prices.current`).
* The facility's row then says at which prices its state would change (`falls_at`, `rises_at`).
* A new price is committed before facilities are looked for. What was committed before it stands in those
  columns, what comes after it was decided at it. So a scan of the two columns finds exactly who must move,
  and finding nobody means that nobody is left: the columns are the queue (`margin_monitor.py`).
"""

from __future__ import annotations

from lana.core.credit.collateral.repo import CollateralRepo
from lana.core.credit.facility.entity import Facility, LiquidationTrigger
from lana.core.credit.history import (
    CollateralizationUpdated,
    PendingCollateralizationUpdated,
    tell,
)
from lana.core.credit.liquidation.entity import Initialized, Liquidation
from lana.core.credit.liquidation.repo import LiquidationRepo
from lana.core.credit.liquidation_amounts import to_restore
from lana.core.credit.pending.entity import PendingFacility
from lana.core.credit.position import Position
from lana.core.credit.public import (
    FacilityCollateralizationChanged,
    PartialLiquidationInitiated,
    PendingCreditFacilityCollateralizationChanged,
)
from lana.core.credit.snapshots import told_facility, told_pending
from lana.core.price import CurrentPrice, Prices
from lana.lib.es.entity import DONE
from lana.lib.es.op import Op
from lana.lib.money import INT64_MAX, Satoshis, UsdCents
from lana.lib.pg.database import Database


class Margins:
    def __init__(self, db: Database, prices: Prices) -> None:
        self.prices = prices
        self._collaterals = CollateralRepo(db)
        self._liquidations = LiquidationRepo(db)

    async def move(self, op: Op, facility: Facility, position: Position) -> None:
        """Another position, and the state that follows from it."""
        facility.move(position)
        await self.look(op, facility)

    async def look(self, op: Op, facility: Facility) -> None:
        """The state at the price of this moment; without one it stays. A liquidation needs a fresh one."""
        price = await self.prices.current(op)
        if price is None or facility.is_closed:
            return
        if facility.look(price.price) is DONE:
            held = facility.position
            op.publish(told_facility(FacilityCollateralizationChanged, facility))
            told = CollateralizationUpdated(
                state=facility.collateralization_state,
                collateral=held.collateral,
                outstanding_interest=held.payable.interest,
                outstanding_disbursal=held.payable.disbursed,
                price=price.price,
            )
            tell(op, facility.id, told)
        await self._liquidate_if_due(op, facility, price)

    async def look_pending(self, op: Op, pending: PendingFacility) -> None:
        price = await self.prices.current(op)
        if price is not None and pending.look(price.price) is DONE:
            op.publish(told_pending(PendingCreditFacilityCollateralizationChanged, pending))
            told = PendingCollateralizationUpdated(
                state=pending.collateralization_state, collateral=pending.collateral, price=price.price
            )
            tell(op, pending.id, told)

    async def hold_pending(self, op: Op, pending: PendingFacility, collateral: Satoshis) -> None:
        """What secures a facility that waits."""
        pending.hold(collateral)
        await self.look_pending(op, pending)

    async def _liquidate_if_due(self, op: Op, facility: Facility, price: CurrentPrice) -> None:
        if not (facility.awaits_liquidation and price.fresh):
            return
        collateral = await op.find(self._collaterals, facility.collateral_id)
        if collateral.liquidation_id is not None:
            return
        ids = collateral.account_ids
        proceeds = facility.account_ids.facility_proceeds_from_liquidation_account_id
        trigger = trigger_of(facility, price.price, op)
        facility.initiate_liquidation(trigger)
        collateral.start_liquidation(trigger.liquidation_id)
        op.add(
            self._liquidations,
            Liquidation.born(
                Initialized(
                    id=trigger.liquidation_id,
                    collateral_id=collateral.id,
                    facility_id=facility.id,
                    trigger_price=trigger.trigger_price,
                    initially_expected_to_receive=trigger.initially_expected_to_receive,
                    initially_estimated_to_liquidate=trigger.initially_estimated_to_liquidate,
                    collateral_in_liquidation_account_id=ids.collateral_in_liquidation_account_id,
                    liquidated_collateral_account_id=ids.liquidated_collateral_account_id,
                    proceeds_from_liquidation_account_id=proceeds,
                )
            ),
        )
        op.publish(told_facility(PartialLiquidationInitiated, facility))


def trigger_of(facility: Facility, price: UsdCents, op: Op) -> LiquidationTrigger:
    """What would bring the facility back to its initial CVL, at most what it holds."""
    held = facility.position
    receive, liquidate = to_restore(held.collateral, held.exposure, price, facility.terms.initial_cvl)
    return LiquidationTrigger(
        liquidation_id=op.new_id(),
        trigger_price=price,
        initially_expected_to_receive=UsdCents(min(receive, INT64_MAX)),
        initially_estimated_to_liquidate=Satoshis(min(liquidate, held.collateral)),
    )
