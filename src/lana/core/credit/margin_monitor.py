"""Moves every facility whose range the price has left: found by index, page by page, until nobody is left.

The columns `falls_at` and `rises_at` are the queue (see `margins.py`), so a process killed in the middle
loses nothing and another begins where it stands. What waits for a price that is fresh: liquidations start at
the first sweep that sees one. Activations and approved disbursals are tried again when another price is
accepted, when the same one was stale and is fresh again, and every `AGAIN_SECONDS` for whatever else stopped
them; at most `WAITING` of them a sweep, so that a crowd which cannot go on keeps no price waiting.
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
from lana.core.price import CurrentPrice, SeenPrice
from lana.lib.authz import Check, Ctx
from lana.lib.closing import ItemFailure, in_halves
from lana.lib.es.commands import Commands
from lana.lib.es.op import Op
from lana.lib.money import INT64_MAX, UsdCents
from lana.lib.pg.database import Database
from lana.lib.telemetry import counter

log = structlog.get_logger()

PAGE: Final = 500
MAX_PAGES: Final = 20_000
WAITING: Final = 100
AGAIN_SECONDS: Final = 60.0

FAILURES = counter("lana_margin_failures_total", "Facilities a sweep could not move, to be tried again")
MOVED = counter("lana_margin_looked_at_total", "Facilities whose range the price had left")


class Scan(msgspec.Struct, frozen=True):
    """Pages of ids by an index; each begins after the last one's end, so that one that stays does not stop
    the others.
    """

    sql: str
    start: Sequence[int | UUID]


# in the order of the column, not of ids: a plan for any price would walk the primary key through the table
def _fallen(table: str) -> Scan:
    """The range of their state begins above the price; the farthest first."""
    return Scan(
        f"select falls_at, id from {table}"
        " where falls_at >= %b::int8 and (falls_at, id) < (%b::int8, %b::uuid)"
        f" order by falls_at desc, id desc limit {PAGE}",
        (INT64_MAX, UUID(int=2**128 - 1)),
    )


def _risen(table: str) -> Scan:
    """The range of their state ends at or below the price; the farthest first."""
    return Scan(
        f"select rises_at, id from {table}"
        " where rises_at <= %b::int8 and (rises_at, id) > (%b::int8, %b::uuid)"
        f" order by rises_at, id limit {PAGE}",
        (0, UUID(int=0)),
    )


FACILITIES: Final = (_fallen("credit_facilities"), _risen("credit_facilities"))
PENDINGS: Final = (_fallen("pending_credit_facilities"), _risen("pending_credit_facilities"))
LIQUIDATIONS: Final = Scan(
    f"select id from credit_facilities where awaits_liquidation and id > %b::uuid order by id limit {PAGE}",
    (UUID(int=0),),
)
ACTIVATIONS: Final = (
    "select id from pending_credit_facilities where awaits_activation and id > %b::uuid"
    f" order by id limit {WAITING}"
)
SETTLEMENTS: Final = (
    f"select id from disbursals where awaits_settlement and id > %b::uuid order by id limit {WAITING}"
)

Look = Callable[[Op, Sequence[UUID]], Awaitable[None]]
Verb = Callable[[Op, UUID], Awaitable[object]]


class Swept(msgspec.Struct, kw_only=True):
    """What one sweep did; `more`: some of those who wait are to be tried yet."""

    facilities: int = 0
    pendings: int = 0
    more: bool = False
    failures: list[str] = msgspec.field(default_factory=list[str])


class Waiting(msgspec.Struct, kw_only=True):
    """Those who wait for a fresh price, gone through once for each; `after`: how far, None when through."""

    sql: str
    actor: Actor
    verb: Verb
    price: UsdCents | None = None
    began_at: float = 0.0
    after: UUID | None = None

    def is_due(self, price: UsdCents, now: float) -> bool:
        """Goes on, or begins anew: at another price, or after a while, since an account may have been
        unfrozen.
        """
        if self.is_through(price) and now - self.began_at < AGAIN_SECONDS:
            return False
        if self.after is None:
            self.price, self.began_at, self.after = price, now, UUID(int=0)
        return True

    def is_through(self, price: UsdCents) -> bool:
        """Everybody was tried at this price."""
        return self.after is None and self.price == price

    def begin_anew(self) -> None:
        """Once it is through with those it goes through now: some of them were stopped meanwhile."""
        self.price = None


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
        self._facilities = FacilityRepo(db)
        self._pendings = PendingFacilityRepo(db)
        self._collaterals = CollateralRepo(db)
        self._waiting = (
            Waiting(sql=ACTIVATIONS, actor=Actor.ACTIVATION, verb=activations.activate),
            Waiting(sql=SETTLEMENTS, actor=Actor.DISBURSAL_APPROVAL, verb=disbursals.settle_if_approved),
        )
        self._seen: SeenPrice | None = None

    async def sweep(self) -> Swept:
        """Everybody the accepted price concerns, once. Nothing without a price."""
        swept = Swept()
        price = await self._margins.prices.see()
        if price is None:
            return swept
        self._see(price)
        at = (price.price,)
        for scan in FACILITIES:
            swept.facilities += await self._all(scan, at, self.look_many, swept)
        for scan in PENDINGS:
            swept.pendings += await self._all(scan, at, self.look_at_pendings, swept)
        if price.fresh:
            await self._all(LIQUIDATIONS, (), self.look_many, swept)
            for waiting in self._waiting:
                await self._try_again(waiting, price.price, swept)
            swept.more = not all(waiting.is_through(price.price) for waiting in self._waiting)
        MOVED.inc(swept.facilities + swept.pendings)
        return swept

    async def _all(self, scan: Scan, given: tuple[int, ...], look: Look, swept: Swept) -> int:
        after, count = scan.start, 0
        for _ in range(MAX_PAGES):
            rows = await self._db.fetch(scan.sql, [*given, *after])
            if not rows:
                return count
            ids: list[UUID] = [row[-1] for row in rows]
            await self._page(ids, look, swept)
            count += len(ids)
            after = rows[-1]
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

    def _see(self, price: SeenPrice) -> None:
        """Whoever was tried since the last sweep was, perhaps, at a price that was stale."""
        if self._seen is not None and self._margins.prices.was_stale(self._seen, price):
            for waiting in self._waiting:
                waiting.begin_anew()
        self._seen = price

    async def _try_again(self, waiting: Waiting, price: UsdCents, swept: Swept) -> None:
        """The next page of them, if they are to be tried at this price."""
        if not waiting.is_due(price, time.monotonic()):
            return
        ids: list[UUID] = [row[0] for row in await self._db.fetch(waiting.sql, [waiting.after])]
        for entity_id in ids:
            await self._one(waiting, entity_id, swept)
        waiting.after = ids[-1] if len(ids) == WAITING else None

    async def _one(self, waiting: Waiting, entity_id: UUID, swept: Swept) -> None:
        async def work(ids: list[UUID]) -> int:
            await self._commands.run(Ctx.system(waiting.actor), waiting.verb, ids[0])
            return 1

        _, failed = await in_halves([entity_id], work)
        self._keep(failed, swept)


def _would_liquidate(facility: Facility, price: CurrentPrice) -> bool:
    found = next_state(
        facility.collateralization_state, facility.position.cvl(price.price), facility.thresholds
    )
    return found is CollateralizationState.UNDER_LIQUIDATION_THRESHOLD
