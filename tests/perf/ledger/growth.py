"""`python -m tests.perf.ledger.growth`: what a long history and a large chart cost.

The posting rate of 16 callers at 10 million entries beside that at 100 thousand, measured by turns on one
server, the small book a fresh copy each time; and the time to read the balances of all sets of a chart. The books
are filled by SQL (fill.sql, chart.sql) under the ledger's own guards, and verified when all is done.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import uvloop
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool

from cala_ledger import Ledger, Poster, Templates, migrate
from lana.lib.memory import settle
from tests.perf import machine
from tests.perf.__main__ import folder, own_server, say
from tests.perf.ledger import figures
from tests.perf.ledger.__main__ import new_database
from tests.perf.ledger.ours import PAY, TODAY, Book
from tests.perf.measure import Series, median, table

SMALL = 100_000
PAYERS = 10_000
"""Accounts that the history is spread over; the postings measured are between any two of them."""
DAYS = 100
CHUNK = 50_000
CALLERS = 16
READS = 21
SQL = tuple((Path(__file__).parent / name).read_text() for name in ("chart.sql", "fill.sql"))


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "make bench-ledger-growth", description="Measure the ledger with a long history and a large chart."
    )
    parser.add_argument(
        "--entries", type=int, default=10_000_000, help="entries of the long history (10 000 000)"
    )
    parser.add_argument("--accounts", type=int, default=1_000_000, help="accounts of the chart (1 000 000)")
    parser.add_argument("--sets", type=int, default=1_000, help="sets of the chart (1 000)")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of a run (10)")
    parser.add_argument("--runs", type=int, default=3, help="rounds, of which the median counts (3)")
    given = parser.parse_args(words)
    if given.entries < SMALL or given.accounts < PAYERS or not 1 <= given.sets <= PAYERS:
        parser.error(f"at least {SMALL} entries, {PAYERS} accounts, and 1 to {PAYERS} sets")
    if given.seconds <= 0 or given.runs < 1:
        parser.error("seconds and runs are positive")
    return given


class Filling:
    """One book, filled in chunks that are said as they are done."""

    def __init__(self, name: str, dsn: str) -> None:
        self.name, self.dsn, self.journal = name, dsn, uuid4()

    async def begin(self) -> None:
        migrate(self.dsn)
        async with AsyncConnectionPool(self.dsn, min_size=1, open=False) as pool:
            ledger = Ledger(pool)
            await ledger.journals.create(self.journal, "BENCH", "Bench")
            await ledger.templates.ensure(PAY)
            async with pool.connection() as conn:
                for text in SQL:
                    await conn.execute(text.encode())

    def sets(self, count: int) -> None:
        with psycopg.connect(self.dsn) as conn:
            conn.execute("select bench.sets(%s, %s)", [self.journal, count])

    def accounts(self, count: int) -> None:
        def some(conn: psycopg.Connection, first: int, last: int) -> None:
            conn.execute("select bench.accounts(%s, %s, %s)", [self.journal, first - 1, last - 1])

        self._chunks("accounts", 1, count, some)

    def transactions(self, first: int, last: int) -> None:
        start = TODAY - timedelta(days=DAYS)

        def some(conn: psycopg.Connection, first: int, last: int) -> None:
            conn.execute("select bench.fill(%s, %s, %s, %s, %s)", [first, last, self.journal, start, DAYS])

        self._chunks("transactions", first, last, some)

    def _chunks(
        self, what: str, first: int, last: int, some: Callable[[psycopg.Connection, int, int], None]
    ) -> None:
        began = said = time.monotonic()
        with psycopg.connect(self.dsn, autocommit=True) as conn:
            conn.execute("set work_mem = '256MB'")
            for start in range(first, last + 1, CHUNK):
                end = min(last, start + CHUNK - 1)
                some(conn, start, end)
                if start == first or end == last:
                    conn.execute("analyze")  # else the first chunks' plans would be the last ones'
                if end == last or time.monotonic() - said > 10:
                    said = time.monotonic()
                    say(f"  {self.name}: {end:>12,} of {last:,} {what}, {said - began:6.0f} s")

    def settled(self) -> None:
        """As a book that has been there for long."""
        with psycopg.connect(self.dsn, autocommit=True) as conn:
            conn.execute("vacuum (freeze, analyze)")
            conn.execute("checkpoint")

    def plain(self, count: int) -> list[UUID]:
        with psycopg.connect(self.dsn) as conn:
            rows = conn.execute("select account_id from bench.accounts order by n limit %s", [count])
            return [row[0] for row in rows.fetchall()]

    def violations(self) -> int:
        began = time.monotonic()
        with psycopg.connect(self.dsn) as conn:
            conn.execute("set work_mem = '256MB'")
            conn.execute("set max_parallel_workers_per_gather = 0")
            found = conn.execute("select rule, detail::text from cala.violations(20)").fetchall()
        for rule, detail in found:
            say(f"  VIOLATION {self.name}: {rule} {detail}")
        if not found:
            say(f"  {self.name}: clean, {time.monotonic() - began:.0f} s")
        return len(found)


@dataclass
class Growth:
    given: argparse.Namespace
    dsn: str
    postmaster: int

    async def history(self) -> tuple[list[Series], list[Series], Filling]:
        """Rates at the small and at the long history."""
        small = Filling("small", new_database(self.dsn, "small"))
        await small.begin()
        small.accounts(PAYERS)
        small.transactions(1, SMALL // 2)
        small.settled()
        long = Filling("long", self._copy("long"))
        long.journal = small.journal
        if self.given.entries > SMALL:
            long.transactions(SMALL // 2 + 1, self.given.entries // 2)
        long.settled()
        rates: tuple[list[Series], list[Series]] = ([], [])
        settle()
        for number in range(1, self.given.runs + 1):
            say(f"round {number} of {self.given.runs}, {machine.load()}")
            copy = Filling("small", self._copy(f"small_{number}"))
            copy.journal = small.journal
            for filling, kept, entries in ((copy, rates[0], SMALL), (long, rates[1], self.given.entries)):
                one = await self._measure(filling)
                kept.append(one)
                say(f"  {entries:>12,} entries  {one.rate:10,.0f}/s  p50 {one.p50:8.2f} ms")
        return *rates, long

    def _copy(self, name: str) -> str:
        with psycopg.connect(self.dsn, autocommit=True) as admin:
            admin.execute(f"create database {name} template small".encode())
        return make_conninfo(self.dsn, dbname=name)

    async def _measure(self, filling: Filling) -> Series:
        plain = filling.plain(PAYERS)
        async with (
            AsyncConnectionPool(filling.dsn, min_size=1, max_size=2, open=False) as pool,
            Poster(filling.dsn, Templates([PAY])) as poster,
        ):
            book = Book(
                ledger=Ledger(pool), poster=poster, pool=pool, postmaster=self.postmaster,
                journal=filling.journal, plain=plain, limited=[], nested=[], hot=plain[0], aged=plain[0],
                big_set=plain[0],
            )  # fmt: skip
            return await book.measure("pairs", CALLERS, self.given.seconds)

    async def chart(self) -> tuple[dict[str, float], Filling]:
        """Milliseconds to read all sets' balances: median, now and as of a date in the middle."""
        filling = Filling("chart", new_database(self.dsn, "chart"))
        await filling.begin()
        filling.sets(self.given.sets)
        filling.accounts(self.given.accounts)
        filling.transactions(1, self.given.accounts)
        filling.settled()
        with psycopg.connect(filling.dsn) as conn:
            row = conn.execute("select set_id from bench.sets where n = 0").fetchone()
        assert row
        root: UUID = row[0]
        async with AsyncExitStack() as stack:
            pool = await stack.enter_async_context(AsyncConnectionPool(filling.dsn, min_size=1, open=False))
            sets = Ledger(pool).sets
            found = await sets.tree_balances(root)
            assert len(found) == self.given.sets
            total = found[root]["USD"].settled
            assert total.debit == total.credit == sum(1 + n % 1000 for n in range(1, self.given.accounts + 1))
            middle = TODAY - timedelta(days=DAYS // 2)
            return {
                "now": await _timed(lambda: sets.tree_balances(root)),
                "as of": await _timed(lambda: sets.tree_balances(root, as_of=middle)),
            }, filling


async def _timed(read: Callable[[], Awaitable[object]]) -> float:
    times: list[float] = []
    for _ in range(READS):
        began = time.perf_counter()
        await read()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


async def measure(given: argparse.Namespace, dsn: str, postmaster: int) -> bool:
    growth = Growth(given, dsn, postmaster)
    say("filling the small book and the long one")
    small, long, filled = await growth.history()
    say(f"filling a chart of {given.sets:,} sets over {given.accounts:,} accounts")
    tree, chart = await growth.chart()
    say("verifying")
    violations = filled.violations() + chart.violations()
    rates = [median(series, lambda s: s.rate) for series in (small, long)]
    rows = [
        (f"{entries:,} entries, {CALLERS} callers", f"{rate:,.0f}/s",
         f"{median(series, lambda s: s.p50):.2f} ms", f"{median(series, lambda s: s.per_op(s.server_cpu)) * 1e6:.0f} µs")
        for entries, rate, series in zip((SMALL, given.entries), rates, (small, long), strict=True)
    ]  # fmt: skip
    rows += [
        (f"balances of {given.sets:,} sets over {given.accounts:,} accounts, {when}", f"{1000 / ms:,.0f}/s",
         f"{ms:.2f} ms", "")
        for when, ms in tree.items()
    ]  # fmt: skip
    found = {"rate": rates[1] / rates[0], "tree_ms": tree["now"]}
    say(f"\n{table(('growth', 'rate', 'p50', 'server CPU'), rows)}")
    say(f"\n{figures.goals(found, figures.GROWTH_GOALS)}")
    say(figures.last_line(found, "ledger growth"))
    return violations == 0


def main(words: Sequence[str] | None = None) -> int:
    given = arguments(words)
    with folder() as place, own_server(place) as cluster:
        pid = cluster.server_pid()
        assert pid
        say("\n".join(machine.described(cluster.dsn(), place)))
        say(f"series      {given.runs} rounds of {given.seconds:g} s each, medians; durability on\n")
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            clean = runner.run(measure(given, cluster.dsn(), pid))
    return 0 if clean else 1


if __name__ == "__main__":
    raise SystemExit(main())
