"""A price wakes the watch, and a poll stands behind it. One at a time sweeps the portfolio; another goes on when it
ends, and nothing ends it for good.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

import pytest

from lana.app import App, open_app
from lana.core.credit import CollateralizationState as State
from lana.core.credit import MarginMonitor, Swept
from lana.lib.authz import Ctx
from lana.lib.pg.database import Connection
from lana.processes import margin_watch
from lana.processes.margin_watch import LOCK, MarginWatch
from tests.conftest import bank_config
from tests.support.lending import BITCOIN, Lender, terms
from tests.support.price_feed import go_by, go_stale
from tests.support.proof import settle
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio

HOLDER = (
    "select pid from pg_locks where locktype = 'advisory' and granted and objid::int8 = %b::int8"
    " and database = (select oid from pg_database where datname = current_database())"
)


IDLE = (
    "select pid from pg_stat_activity where state = 'idle' and starts_with(query, 'select pg_try_advisory_lock')"
    " and datname = current_database()"
)
KEEPALIVES = ("idle", "interval", "count")
NEVER = 3_600.0


class Counted(MarginMonitor):
    """The bank's own, and how often it was asked; `fault` is raised once, `after` is done once at a sweep's end."""

    def __init__(self, monitor: MarginMonitor) -> None:
        self._inner = monitor
        self.sweeps = 0
        self.more = False
        self.fault: Exception | None = None
        self.after: Callable[[], Awaitable[object]] | None = None

    async def sweep(self) -> Swept:
        self.sweeps += 1
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        swept = await self._inner.sweep()
        if self.after is not None:
            after, self.after = self.after, None
            await after()
        swept.more = swept.more or self.more
        return swept


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
    for name in ("POLL_SECONDS", "MORE_SECONDS", "PAUSE_SECONDS"):
        monkeypatch.setattr(margin_watch, name, 0.02)


@pytest.fixture
def unpolled(monkeypatch: pytest.MonkeyPatch) -> None:
    """What happens within this test was not the poll's doing."""
    monkeypatch.setattr(margin_watch, "POLL_SECONDS", NEVER)


async def lent(lender: Lender) -> UUID:
    """A loan that is to be liquidated at 5,200,000."""
    await lender.price(7_000_000)
    return (await lender.active(5_000_000, BITCOIN, terms(fee="0"))).id


async def until_liquidated(lender: Lender, facility_id: UUID) -> None:
    async def in_liquidation() -> bool:
        now = await lender.facility(facility_id)
        return (
            now.collateralization_state is State.UNDER_LIQUIDATION_THRESHOLD and now.liquidation is not None
        )

    await eventually(in_liquidation)


# --- what wakes it ----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("unpolled")
async def test_a_price_accepted_elsewhere_moves_whom_it_concerns_at_once(
    app: App, superuser: Ctx, bank_dsn: str
) -> None:
    """Processes of a bank share nothing but the database; the watch is in one, the price comes from the other."""
    lender, monitor = Lender(app, superuser), Counted(app.credit.margin_monitor)
    facility_id = await lent(lender)
    async with open_app(bank_config(bank_dsn), start=False) as elsewhere, watching(app, monitor):
        await eventually(lambda: monitor.sweeps > 0)
        await go_by(elsewhere, 5_200_000)
        await until_liquidated(lender, facility_id)


@pytest.mark.usefixtures("unpolled")
async def test_a_price_accepted_during_a_sweep_is_swept_for_after_it(app: App, superuser: Ctx) -> None:
    lender, monitor = Lender(app, superuser), Counted(app.credit.margin_monitor)
    facility_id = await lent(lender)
    monitor.after = lambda: go_by(app, 5_200_000)
    async with watching(app, monitor):
        await until_liquidated(lender, facility_id)


@pytest.mark.usefixtures("unpolled")
async def test_a_price_accepted_while_the_watch_has_no_connection_is_swept_for(
    app: App, superuser: Ctx, monkeypatch: pytest.MonkeyPatch
) -> None:
    lender, monitor = Lender(app, superuser), Counted(app.credit.margin_monitor)
    facility_id = await lent(lender)
    again = asyncio.Event()
    connect = margin_watch.connect

    async def held_back(dsn: str) -> Connection:
        if monitor.sweeps:
            await again.wait()
        return await connect(dsn)

    monkeypatch.setattr(margin_watch, "connect", held_back)
    async with watching(app, monitor):
        await eventually(lambda: monitor.sweeps > 0)
        await app.db.fetch("select pg_terminate_backend(%b::int8::int)", [await holder(app)])
        await go_by(app, 5_200_000)
        again.set()
        await until_liquidated(lender, facility_id)


async def test_where_the_notification_is_lost_the_poll_suffices(app: App, superuser: Ctx) -> None:
    lender, monitor = Lender(app, superuser), Counted(app.credit.margin_monitor)
    facility_id = await lent(lender)
    async with app.db.pool.connection() as connection:
        await connection.execute("alter table price_status disable trigger price_written")
    async with watching(app, monitor):
        await eventually(lambda: monitor.sweeps > 0)
        await go_by(app, 5_200_000)
        await until_liquidated(lender, facility_id)


@pytest.mark.usefixtures("unpolled")
async def test_the_same_price_fresh_again_wakes_it_for_what_waited(
    app: App, superuser: Ctx, monkeypatch: pytest.MonkeyPatch
) -> None:
    lender, monitor = Lender(app, superuser), Counted(app.credit.margin_monitor)
    await lender.price(10_000_000)
    pending = await lender.approved(100_000)
    await go_stale(app, monkeypatch)
    async with watching(app, monitor):
        await eventually(lambda: monitor.sweeps > 0)
        await lender.collateral(pending.collateral_id, 1_400_000)
        await settle(app)
        assert (await lender.pending(pending.id)).is_waiting
        monkeypatch.setattr(app.prices, "_real_now", lambda: datetime.now(UTC))
        await go_by(app, 10_000_000)

        async def is_active() -> bool:
            return not (await lender.pending(pending.id)).is_waiting

        await eventually(is_active)


@pytest.mark.usefixtures("unpolled")
async def test_where_more_of_a_crowd_is_to_be_tried_it_goes_on_before_the_poll(app: App) -> None:
    monitor = Counted(app.credit.margin_monitor)
    monitor.more = True
    async with watching(app, monitor):
        await eventually(lambda: monitor.sweeps > 5)


# --- one at a time ----------------------------------------------------------------------------------------------


async def until_count(app: App, count: int, sql: str, *values: int) -> None:
    async def is_count() -> bool:
        return len(await app.db.fetch(sql, list(values))) == count

    await eventually(is_count)


async def holder(app: App) -> int:
    ((pid,),) = await app.db.fetch(HOLDER, [LOCK])
    return pid


async def test_a_leader_whose_machine_is_gone_is_noticed_by_the_server(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the kernel has it, for the two hours of its own would be no watch at all."""
    monitor, made = Counted(app.credit.margin_monitor), list[Connection]()
    connect = margin_watch.connect

    async def kept(dsn: str) -> Connection:
        made.append(await connect(dsn))
        return made[-1]

    monkeypatch.setattr(margin_watch, "connect", kept)
    monitor.after = asyncio.Event().wait
    async with watching(app, monitor):
        await eventually(lambda: monitor.sweeps > 0)
        cursor = await made[0].execute(
            "select " + ", ".join(f"current_setting('tcp_keepalives_{each}')" for each in KEEPALIVES)
        )
        assert await cursor.fetchone() == ("5", "5", "3")


@pytest.mark.usefixtures("unpolled")
async def test_whoever_is_woken_by_a_price_takes_the_lead_that_nobody_has(app: App, superuser: Ctx) -> None:
    lender = Lender(app, superuser)
    facility_id = await lent(lender)
    first, second = Counted(app.credit.margin_monitor), Counted(app.credit.margin_monitor)
    async with watching(app, first):
        await eventually(lambda: first.sweeps > 0)
        waits = asyncio.create_task(MarginWatch(app.db, second).run())
        await until_count(app, 2, IDLE)
    await until_count(app, 0, HOLDER, LOCK)
    assert second.sweeps == 0
    await go_by(app, 5_200_000)
    await until_liquidated(lender, facility_id)
    waits.cancel()
    await asyncio.gather(waits, return_exceptions=True)


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
        before = await holder(app)
        await app.db.fetch("select pg_terminate_backend(%b::int8::int)", [before])

        async def led_by_another() -> bool:
            rows = await app.db.fetch(HOLDER, [LOCK])
            return bool(rows) and rows[0][0] != before

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
