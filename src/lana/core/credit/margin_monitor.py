"""Moves every facility whose range the price has left: found by index, page by page, until nobody is left.

The columns `falls_at` and `rises_at` are the queue (see `margins.py`), so a process killed in the middle
loses nothing and another begins where it stands. What waits for a price that is fresh (activations, approved
disbursals, liquidations) is tried again whenever another price is accepted, and every `AGAIN_SECONDS`.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from uuid import UUID

import msgspec
import structlog

from lana.core.credit.activations import Activations
from lana.core.credit.collateral.repo import CollateralRepo
from lana.core.credit.cvl import CollateralizationState, next_state
from lana.core.credit.disbursals import Disbursals
from lana.core.credit.facility.entity import Facility
from lana.core.credit.facility.repo import FacilityRepo
from lana.core.credit.margins import Margins
from lana.core.credit.pending.repo import PendingFacilityRepo
from lana.core.credit.primitives import Actor, FacilityAction
from lana.core.price import CurrentPrice
from lana.lib.authz import Check, Ctx
from lana.lib.closing import ItemFailure, in_halves
from lana.lib.es.commands import Commands
from lana.lib.es.op import Op
from lana.lib.pg.database import Database
from lana.lib.telemetry import counter

log = structlog.get_logger()

PAGE: Final = 500
MAX_PAGES: Final = 20_000
WAITING: Final = 100
AGAIN_SECONDS: Final = 60.0

FAILURES = counter("lana_margin_failures_total", "Facilities a sweep could not move, to be tried again")
MOVED = counter("lana_margin_looked_at_total", "Facilities whose range the price had left")


def _crossed(table: str) -> str:
    """By two indices; ids after the last page's, so that one that stays does not stop the others."""
    return (
        "select id from ("
        f" (select id from {table} where falls_at >= %b::int8 and id > %b::uuid order by id limit {PAGE})"
        " union"
        f" (select id from {table} where rises_at <= %b::int8 and id > %b::uuid order by id limit {PAGE})"
        f") as crossed order by id limit {PAGE}"
    )


FACILITIES: Final = _crossed("credit_facilities")
PENDINGS: Final = _crossed("pending_credit_facilities")
_LIQUIDATIONS: Final = (
    f"select id from credit_facilities where awaits_liquidation and id > %b::uuid order by id limit {PAGE}"
)
_ACTIVATIONS: Final = (
    f"select id from pending_credit_facilities where awaits_activation order by id limit {WAITING}"
)
_SETTLEMENTS: Final = f"select id from disbursals where awaits_settlement order by id limit {WAITING}"

Look = Callable[[Op, Sequence[UUID]], Awaitable[None]]


class Swept(msgspec.Struct, kw_only=True):
    """What one sweep did."""

    facilities: int = 0
    pendings: int = 0
    failures: list[str] = msgspec.field(default_factory=list[str])


class MarginMonitor:
    def __init__(
        self,
        db: Database,
        commands: Commands,
        *,
        margins: Margins,
        activations: Activations,
        disbursals: Disbursals,
    ) -> None:
        self._db = db
        self._commands = commands
        self._margins = margins
        self._activations = activations
        self._disbursals = disbursals
        self._facilities = FacilityRepo(db)
        self._pendings = PendingFacilityRepo(db)
        self._collaterals = CollateralRepo(db)
        self._tried_at: tuple[int, float] | None = None

    async def sweep(self) -> Swept:
        """Everybody the accepted price concerns, once. Nothing without a price."""
        swept = Swept()
        price = await self._margins.prices.peek()
        if price is None:
            return swept
        at = price.price
        swept.facilities = await self._all(FACILITIES, (at, at), self.look_many, swept)
        swept.pendings = await self._all(PENDINGS, (at, at), self.look_at_pendings, swept)
        if price.fresh:
            await self._all(_LIQUIDATIONS, (), self.look_many, swept)
            await self._try_again(price, swept)
        MOVED.inc(swept.facilities + swept.pendings)
        return swept

    async def _all(self, sql: str, prices: tuple[int, ...], look: Look, swept: Swept) -> int:
        after, count = UUID(int=0), 0
        for _ in range(MAX_PAGES):
            values = [value for price in prices for value in (price, after)] or [after]
            ids: list[UUID] = [row[0] for row in await self._db.fetch(sql, values)]
            if not ids:
                return count
            await self._page(ids, look, swept)
            count += len(ids)
            after = ids[-1]
        return count

    async def _page(self, ids: list[UUID], look: Look, swept: Swept) -> None:
        async def work(part: list[UUID]) -> int:
            await self._commands.run(Ctx.system(Actor.COLLATERALIZATION_SYNC), look, part)
            return len(part)

        _, failed = await in_halves(ids, work)
        self._keep(failed, swept)

    @staticmethod
    def _keep(failed: Sequence[ItemFailure], swept: Swept) -> None:
        FAILURES.inc(len(failed))
        for failure in failed:
            log.warning("left for the next sweep", item=failure.item, error=failure.error)
        swept.failures += [f"{failure.item}: {failure.error}" for failure in failed]

    async def look_many(self, op: Op, ids: Sequence[UUID]) -> None:
        """A page of facilities, at the price of the Op. Collaterals of those that may be liquidated are found
        together.
        """
        self._record(op, ids)
        price = await self._margins.prices.current(op)
        if price is None:
            return
        facilities = (await op.find_many(self._facilities, ids)).values()
        under = [each.collateral_id for each in facilities if _would_liquidate(each, price)]
        await op.find_many(self._collaterals, under)
        for facility in facilities:
            await self._margins.look(op, facility)

    async def look_at_pendings(self, op: Op, ids: Sequence[UUID]) -> None:
        self._record(op, ids)
        for pending in (await op.find_many(self._pendings, ids)).values():
            await self._margins.look_pending(op, pending)

    @staticmethod
    def _record(op: Op, ids: Sequence[UUID]) -> None:
        action = FacilityAction.UPDATE_COLLATERALIZATION_STATE
        op.record(Check(op.subject, action, tuple(ids), authorized=True))

    # --- what waits for a fresh price -----------------------------------------------------------------------

    async def _try_again(self, price: CurrentPrice, swept: Swept) -> None:
        """Once for each price, and again after a while: an account may have been unfrozen meanwhile."""
        now = time.monotonic()
        if self._tried_at and self._tried_at[0] == price.price and now - self._tried_at[1] < AGAIN_SECONDS:
            return
        self._tried_at = (price.price, now)
        for (pending_id,) in await self._db.fetch(_ACTIVATIONS):
            await self._one(Actor.ACTIVATION, self._activations.activate, pending_id, swept)
        for (disbursal_id,) in await self._db.fetch(_SETTLEMENTS):
            await self._one(
                Actor.DISBURSAL_APPROVAL, self._disbursals.settle_if_approved, disbursal_id, swept
            )

    async def _one(
        self, actor: Actor, verb: Callable[[Op, UUID], Awaitable[object]], entity_id: UUID, swept: Swept
    ) -> None:
        async def work(ids: list[UUID]) -> int:
            await self._commands.run(Ctx.system(actor), verb, ids[0])
            return 1

        _, failed = await in_halves([entity_id], work)
        self._keep(failed, swept)


def _would_liquidate(facility: Facility, price: CurrentPrice) -> bool:
    found = next_state(
        facility.collateralization_state, facility.position.cvl(price.price), facility.thresholds
    )
    return found is CollateralizationState.UNDER_LIQUIDATION_THRESHOLD
