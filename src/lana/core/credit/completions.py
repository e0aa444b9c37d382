"""The end of a loan: what it takes to pay it off, completing it, and closing it once its collateral is
back.
"""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

import msgspec

from lana.core.credit.allocating import unpaid
from lana.core.credit.facility.entity import Facility
from lana.core.credit.facility.repo import FacilityRepo
from lana.core.credit.interest import Interest
from lana.core.credit.margins import Margins
from lana.core.credit.obligation.repo import ObligationRepo
from lana.core.credit.primitives import FacilityAction
from lana.core.credit.public import FacilityCompleted
from lana.core.credit.snapshots import told_facility
from lana.lib.authz import Authorizer, Scope
from lana.lib.es.entity import DONE
from lana.lib.es.op import Op
from lana.lib.money import UsdCents
from lana.lib.pg.database import Database


class Payoff(msgspec.Struct, frozen=True, kw_only=True):
    """What ends the loan now, in US cents; `accrued_interest` of periods that have ended and are not
    posted, also where the end of the day has not come to them.
    """

    principal: UsdCents
    posted_interest: UsdCents
    accrued_interest: UsdCents

    @property
    def total(self) -> UsdCents:
        return UsdCents(self.principal + self.posted_interest + self.accrued_interest)


class Releasing(Protocol):
    async def release(self, op: Op, facility: Facility) -> bool:
        """Give the collateral back; False where its custodian has to send it first."""
        ...


class Ending(Protocol):
    async def end(self, op: Op, facility: Facility) -> None:
        """What is left of a liquidation. CollateralInLiquidation while coins are out."""
        ...


class Completions:
    def __init__(
        self,
        db: Database,
        authz: Authorizer,
        *,
        margins: Margins,
        interest: Interest,
        collaterals: Releasing,
        liquidations: Ending,
    ) -> None:
        self._facilities = FacilityRepo(db)
        self._obligations = ObligationRepo(db)
        self._authz = authz
        self._margins = margins
        self._interest = interest
        self._collaterals = collaterals
        self._liquidations = liquidations

    async def payoff(self, ctx: Scope, facility: Facility) -> Payoff:
        self._authz.enforce(ctx, FacilityAction.READ, facility.id)
        return await self.payoff_of(facility)

    async def payoff_of(self, facility: Facility) -> Payoff:
        """For whoever may see the facility."""
        owed = await self._obligations.unpaid_of(facility.id)
        return Payoff(
            principal=unpaid(each for each in owed if each.is_principal),
            posted_interest=unpaid(each for each in owed if not each.is_principal),
            accrued_interest=await self._interest.peek_unposted(facility),
        )

    async def complete(self, op: Op, facility_id: UUID) -> Facility:
        """OutstandingAmount while anything is owed, CollateralInLiquidation while coins are out. Closed at
        once, or when the wallet is empty.
        """
        self._authz.enforce(op, FacilityAction.COMPLETE, facility_id)
        facility = await op.find(self._facilities, facility_id)
        if facility.is_closed or facility.is_completing:
            return facility
        owed = await self._obligations.find_unpaid(op, facility_id)
        accrued = await self._interest.accrued_unposted(op, facility)
        facility.require_settled(accrued, unpaid(owed))
        await self._liquidations.end(op, facility)
        await self._interest.close_cycle(op, facility)
        facility.request_completion()
        if await self._collaterals.release(op, facility):
            await self.finish(op, facility)
        return facility

    async def finish(self, op: Op, facility: Facility) -> None:
        """The collateral is back: the loan is over."""
        price = await self._margins.prices.current(op)
        if facility.complete(price.price if price else facility.price_at_state_change) is DONE:
            op.publish(told_facility(FacilityCompleted, facility, op.now))
