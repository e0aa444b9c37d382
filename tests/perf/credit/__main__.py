"""`python -m tests.perf.credit`: how fast lending is on this machine. See docs/how-it-works/credit.md."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import numpy as np
import uvloop

from lana.app import App, open_app
from lana.app.verify import verify
from lana.core.credit.stress.grid import stress
from lana.core.credit.stress.service import prepared
from lana.lib.authz import Ctx
from lana.lib.config import Config, Secrets, TimeMode
from lana.lib.config.model import AccessConfig, AppConfig, PriceConfig, TimeConfig
from lana.lib.memory import settle as settle_memory
from lana.lib.money import UsdCents
from lana.processes.margin_watch import LOCK, MarginWatch
from tests.perf import machine
from tests.perf.__main__ import folder, own_server
from tests.perf.accounts import fund, open_accounts, superuser
from tests.perf.credit.build import PRICE, Builder
from tests.perf.credit.page import page_of
from tests.perf.measure import drive
from tests.perf.running import SUPERUSER
from tests.support.price_feed import go_by
from tests.support.proof import settle
from tests.support.waiting import eventually

CUSTOMERS = 1_000
LONG_HISTORY = 50
"""One in so many facilities has a month of days behind it, the others three."""
LONG_DAYS, SHORT_DAYS = 26, 3
PARTS = ("end_of_day", "tick", "grid", "page", "payments")
GRID = 10_001
GOALS = {
    "eod_s": 180.0, "lag_s": 60.0, "tick_ms": 1_000.0, "woken_ms": 1_500.0, "missed": 0.0,
    "grid_s": 0.3, "load_s": 3.0, "page_statements": 8.0, "page_p99_ms": 50.0,
}  # fmt: skip
AT_LEAST = {"payments_per_s": 800.0}
HELD = "select 1 from pg_locks where locktype = 'advisory' and granted and objid::int8 = %b::int8"
TOO_LOW = (
    "with low as (select percentile_disc(0.99) within group (order by falls_at) as price from credit_facilities)"
    " select price, (select count(*) from credit_facilities where falls_at >= price) from low"
)
LEFT = (
    "select exists(select from credit_facilities where falls_at >= %b::int8)"
    " or exists(select from credit_facilities where rises_at <= %b::int8)"
)


def say(text: str = "") -> None:
    print(text, flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("make bench-credit", description="Measure lending on this machine.")
    parser.add_argument("--facilities", type=int, default=100_000, help="active facilities (100000)")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of a timed series (10)")
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts to measure ({','.join(PARTS)})")
    parser.add_argument("--growth", action="store_true", help="also with a tenth and three times as many")
    parser.add_argument("--no-verify", action="store_true", help="do not verify the bank afterwards")
    given = parser.parse_args()
    if given.facilities < 1_000 or given.seconds <= 0:
        parser.error("at least 1000 facilities, and seconds above 0")
    given.only = [part for part in PARTS if part in given.only.split(",")]
    return given


class Bench:
    def __init__(self, app: App, ctx: Ctx, given: argparse.Namespace) -> None:
        self.app = app
        self.ctx = ctx
        self.given = given
        self.figures: dict[str, float] = {}

    async def built(self) -> None:
        """The portfolio, with the days that lie behind it."""
        opened = await open_accounts(self.app, self.ctx, CUSTOMERS)
        await fund(self.app, self.ctx, opened, 100_000_000_00)
        found = await self.app.deposit_accounts.repo.peek_many(opened)
        builder = Builder(self.app, [(each.id, each.account_holder_id) for each in found.values()])
        await self.app.end_of_day.tick()
        count, old = self.given.facilities, self.given.facilities // LONG_HISTORY
        started = time.perf_counter()
        await builder.build(0, old)
        for _ in range(LONG_DAYS):
            await self.end_day()
        await builder.build(old, count - old)
        built = self.figures["build_s"] = time.perf_counter() - started
        say(f"built {count:,} facilities in {built:.0f} s, {machine.load()}")
        for _ in range(SHORT_DAYS):
            await self.end_day()
        await settle(self.app, seconds=600)
        await self.app.db.fetch("analyze")

    async def part(self, name: str) -> None:
        parts: Mapping[str, Callable[[], Awaitable[None]]] = {
            "end_of_day": self.end_of_day,
            "tick": self.tick,
            "grid": self.grid,
            "page": self.page,
            "payments": self.payments,
        }
        await parts[name]()

    async def end_day(self) -> float:
        """Seconds of the whole run."""
        clock = await self.app.commands.run(self.ctx, self.app.time.advance_to_next_end_of_day)
        await self.app.time.after_advance(clock)
        started = time.perf_counter()
        while await self.app.end_of_day.tick() == 0:
            pass
        return time.perf_counter() - started

    async def end_of_day(self) -> None:
        """A month's end (all accrue, are posted, begin a new cycle) and the day after (all accrue and have
        interest that falls due); the slower one counts. Then, until every processor has seen their events.
        """
        settle_memory()
        before = peak_mib()
        took = max(await self._measured_day("month's end"), await self._measured_day("the day after"))
        self.figures |= {
            "eod_s": took,
            "eod_per_s": self.given.facilities / took,
            "eod_mib": peak_mib(),
            "eod_grown_mib": peak_mib() - before,
        }
        started = time.perf_counter()
        await settle(self.app, seconds=600)
        self.figures["lag_s"] = time.perf_counter() - started

    async def _measured_day(self, name: str) -> float:
        took = await self.end_day()
        say(f"  {name}: {took:.1f} s")
        (run,) = await self.app.end_of_day.runs.latest(1)
        for step in run.steps:
            seconds = (step.completed_at - step.started_at).total_seconds() if step.completed_at else 0.0
            if step.done or step.failed:
                say(f"    {step.step:<24} {step.done:>9,} done {step.failed:>3} failed {seconds:8.1f} s")
        return took

    async def tick(self) -> None:
        """A price that one facility in a hundred does not stand, swept for at once, then by whom it wakes."""
        price, wanted = await self._too_low()
        await go_by(self.app, price)
        started = time.perf_counter()
        swept = await self.app.credit.margin_monitor.sweep()
        self.figures["tick_ms"] = (time.perf_counter() - started) * 1000
        say(f"  a tick to {price:,} moved {swept.facilities:,} of {self.given.facilities:,}")
        self.figures["missed"] = float(await self._missed(price)) + abs(wanted - swept.facilities)
        await go_by(self.app, PRICE)
        await self.app.credit.margin_monitor.sweep()
        await self._woken()

    async def _too_low(self) -> tuple[int, int]:
        """A price that one in a hundred does not stand, and how many that are."""
        (found,) = await self.app.db.fetch(TOO_LOW)
        return found[0], found[1]

    async def _woken(self) -> None:
        """From the answer that a price is accepted until nobody is left in a state of another, by the watch."""
        price, wanted = await self._too_low()
        watch = asyncio.create_task(MarginWatch(self.app.db, self.app.credit.margin_monitor).run())
        try:
            await eventually(self._is_led, 30)
            await go_by(self.app, price)
            took = await eventually(partial(self._is_swept, price), 60, every=0.002)
            self.figures["woken_ms"] = took * 1000
            say(f"  a tick to {price:,} woke the watch, which moved {wanted:,}")
            await go_by(self.app, PRICE)
            await eventually(partial(self._is_swept, PRICE), 60)
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)

    async def _is_led(self) -> bool:
        return bool(await self.app.db.fetch(HELD, [LOCK]))

    async def _is_swept(self, price: int) -> bool:
        return not (await self.app.db.fetch(LEFT, [price, price]))[0][0]

    async def _missed(self, price: int) -> int:
        """Everybody looked at, one by one: who is not in the state of this price?"""
        missed = 0
        after = UUID(int=0)
        while rows := await self.app.db.fetch(
            "select id, created_at, state from credit_facilities where id > %b::uuid order by id limit 1000",
            [after],
        ):
            after = rows[-1][0]
            repo = self.app.credit.facility_reading.facilities
            missed += sum(repo.read(row).reach.left_by(UsdCents(price)) for row in rows)
        return missed

    async def grid(self) -> None:
        started = time.perf_counter()
        groups = [prepared(row) for row in await self.app.credit.stress.load()]
        self.figures["load_s"] = time.perf_counter() - started
        prices = np.linspace(PRICE // 4, PRICE * 2, GRID).astype(np.int64)
        started = time.perf_counter()
        for group in groups:
            stress(group, prices)
        self.figures["grid_s"] = time.perf_counter() - started

    async def page(self) -> None:
        statements, p99 = await page_of(self.app, self.ctx, self.given.seconds)
        self.figures |= {"page_statements": statements, "page_p99_ms": p99}

    async def payments(self) -> None:
        ids = await self._ids()
        pay = self.app.credit.payments.record
        chosen = itertools.cycle(ids)

        async def one(caller: int) -> None:
            await self.app.commands.run(self.ctx, pay, next(chosen), UsdCents(1_000))

        series = await drive(one, 64, self.given.seconds, dict)
        self.figures["payments_per_s"] = series.rate

    async def _ids(self) -> Sequence[UUID]:
        rows = await self.app.db.fetch("select id from credit_facilities order by random()")
        return [row[0] for row in rows]


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def measured(given: argparse.Namespace) -> tuple[dict[str, float], bool]:
    with folder() as place, own_server(place) as cluster:
        config = Config(
            app=AppConfig(
                access=AccessConfig(superuser_email=SUPERUSER),
                price=PriceConfig(bitfinex_url="http://127.0.0.1:1"),
            ),
            time=TimeConfig(mode=TimeMode.MANUAL, start_at=datetime(2026, 1, 2, 12, tzinfo=UTC)),
            secrets=Secrets(pg_con=cluster.dsn(), encryption_key="00" * 32),
        )
        for line in machine.described(cluster.dsn(), place):
            say(line)
        async with open_app(config) as app:
            bench = Bench(app, await superuser(app), given)
            await bench.built()
            for name in given.only:
                say(f"{name}, {machine.load()}")
                await bench.part(name)
                say("  " + " ".join(f"{name}={found:.3f}" for name, found in bench.figures.items()))
            clean = given.no_verify or await verified(app)
            return bench.figures, clean


async def verified(app: App) -> bool:
    say("verifying")
    wrong = [finding for finding in await verify(app) if not finding.clean]
    for finding in wrong:
        say(f"  {finding.check}: {finding.violations[:3]}")
    return not wrong


def table(figures: dict[str, float]) -> str:
    lines = [f"{'figure':<16} {'found':>14}  must"]
    for name, found in figures.items():
        goal = (
            f"<= {GOALS[name]:g}" if name in GOALS else f">= {AT_LEAST[name]:g}" if name in AT_LEAST else ""
        )
        lines.append(f"{name:<16} {found:>14,.3f}  {goal}")
    return "\n".join(lines)


RATIOS = ("eod_s", "eod_per_s", "lag_s", "tick_ms", "woken_ms", "missed", "grid_s", "load_s", "page_statements",
          "page_p99_ms", "payments_per_s")  # fmt: skip


def main() -> int:
    given = arguments()
    sizes = [given.facilities]
    if given.growth:
        sizes = [given.facilities // 10, given.facilities, given.facilities * 3]
    clean, kept = True, dict[str, float]()
    for size in sizes:
        given.facilities = size
        figures, fine = uvloop.run(measured(given))
        clean = clean and fine
        say(f"\n{size:,} facilities\n{table(figures)}\n")
        if size == sizes[len(sizes) // 2]:
            kept = figures
    say("credit ratios: " + " ".join(f"{name}={kept[name]:.3f}" for name in RATIOS if name in kept))
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
