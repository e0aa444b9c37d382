"""One watch at a time sweeps the portfolio; another goes on when it ends, and nothing ends it for good."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from lana.app import App
from lana.core.credit import CollateralizationState as State
from lana.core.credit import MarginMonitor, Swept
from lana.lib.authz import Ctx
from lana.processes import margin_watch
from lana.processes.margin_watch import LOCK, MarginWatch
from tests.support.lending import BITCOIN, Lender, terms
from tests.support.price_feed import go_by
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio

HOLDER = (
    "select pid from pg_locks where locktype = 'advisory' and granted and objid::int8 = %b::int8"
    " and database = (select oid from pg_database where datname = current_database())"
)


class Counted(MarginMonitor):
    """The bank's own, and how often it was asked; `fault` is raised once."""

    def __init__(self, monitor: MarginMonitor) -> None:
        self._inner = monitor
        self.sweeps = 0
        self.fault: Exception | None = None

    async def sweep(self) -> Swept:
        self.sweeps += 1
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        return await self._inner.sweep()


@asynccontextmanager
async def watching(app: App, monitor: MarginMonitor) -> AsyncGenerator[None]:
    task = asyncio.create_task(MarginWatch(app.db, monitor).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(margin_watch, "TICK_SECONDS", 0.02)


async def test_a_price_moves_whom_it_concerns_without_anybody_asking(app: App, superuser: Ctx) -> None:
    lender = Lender(app, superuser)
    await lender.price(7_000_000)
    facility = await lender.active(5_000_000, BITCOIN, terms(fee="0"))

    async def in_liquidation() -> bool:
        now = await lender.facility(facility.id)
        return (
            now.collateralization_state is State.UNDER_LIQUIDATION_THRESHOLD and now.liquidation is not None
        )

    async with watching(app, app.credit.margin_monitor):
        await go_by(app, 5_200_000)
        await eventually(in_liquidation)


async def test_one_watches_at_a_time_and_the_other_goes_on_after_it(app: App) -> None:
    first, second = Counted(app.credit.margin_monitor), Counted(app.credit.margin_monitor)
    async with watching(app, second):
        async with watching(app, first):
            await eventually(lambda: first.sweeps + second.sweeps > 5)
            assert (first.sweeps == 0) is not (second.sweeps == 0)
            assert len(await app.db.fetch(HOLDER, [LOCK])) == 1
        if first.sweeps:
            await eventually(lambda: second.sweeps > 0)
        seen = second.sweeps
        await eventually(lambda: second.sweeps > seen)


async def test_a_watch_that_loses_its_connection_takes_the_lead_again(app: App) -> None:
    monitor = Counted(app.credit.margin_monitor)
    async with watching(app, monitor):
        await eventually(lambda: monitor.sweeps > 0)
        ((holder,),) = await app.db.fetch(HOLDER, [LOCK])
        await app.db.fetch("select pg_terminate_backend(%b::int8::int)", [holder])

        async def led_by_another() -> bool:
            rows = await app.db.fetch(HOLDER, [LOCK])
            return bool(rows) and rows[0][0] != holder

        await eventually(led_by_another)
        seen = monitor.sweeps
        await eventually(lambda: monitor.sweeps > seen)


@pytest.mark.parametrize("fault", [RuntimeError("boom"), OSError("no route"), KeyError("x")])
async def test_whatever_ends_a_sweep_the_watch_goes_on(app: App, fault: Exception) -> None:
    monitor = Counted(app.credit.margin_monitor)
    async with watching(app, monitor):
        await eventually(lambda: monitor.sweeps > 0)
        monitor.fault = fault
        await eventually(lambda: monitor.fault is None)
        seen = monitor.sweeps
        await eventually(lambda: monitor.sweeps > seen)
