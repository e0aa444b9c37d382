"""`python -m tests.perf.ledger`: the ledger beside the Rust crate, on one PostgreSQL, in one run.

See docs/how-it-works/ledger.md for what was seen.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path

import psycopg
import uvloop
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from lana.lib.memory import settle
from lana.up.postgres import Cluster
from tests.perf import machine
from tests.perf.__main__ import folder, own_server, say
from tests.perf.ledger import figures, floor, ours, theirs
from tests.perf.measure import Series
from tests.perf.pgbench import Script


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "make bench-ledger", description="Measure the ledger beside the Rust crate."
    )
    parser.add_argument("--seconds", type=float, default=10.0, help="length of a run (10)")
    parser.add_argument("--runs", type=int, default=3, help="rounds, of which the median counts (3)")
    parser.add_argument(
        "--without-crate", action="store_true", help="compare with the crate's published figures"
    )
    given = parser.parse_args(words)
    if given.seconds <= 0 or given.runs < 1:
        parser.error("seconds and runs are positive")
    return given


def new_database(dsn: str, name: str) -> str:
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute(f"create database {name}".encode())
    return make_conninfo(dsn, dbname=name)


def url(dsn: str) -> str:
    parts = conninfo_to_dict(dsn)
    return "postgres://{user}:{password}@{host}:{port}/{dbname}".format_map(parts)


class Bench:
    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.runs: dict[tuple[str, str, int], list[Series]] = {}

    def keep(self, whose: str, case: str, callers: int, one: Series) -> None:
        self.runs.setdefault((whose, case, callers), []).append(one)
        unit = "1 caller" if callers == 1 else f"{callers} callers"
        say(f"  {case + ', ' + unit + ', ' + whose:<40} {one.rate:10,.0f}/s  p50 {one.p50:8.2f} ms")

    async def round(self, book: ours.Book, script: Script, crate: theirs.Crate | None) -> None:
        seconds = self.given.seconds
        for case in figures.CASES:
            self.keep("ours", case.ours, case.callers, await book.measure(case.ours, case.callers, seconds))
            if crate is not None:
                name, callers = case.theirs or "pairs", case.callers
                callers = callers if case.theirs else figures.MORE_CLIENTS
                self.keep("crate", name, callers, await crate.measure(name, callers, seconds))
        for clients in figures.FLOOR_CLIENTS:
            self.keep("pgbench", "the same rows", clients, await script.measure(clients, seconds))
        for case in figures.READS:
            self.keep("ours", case, 1, await book.measure(case, 1, min(seconds, figures.READ_SECONDS)))


async def crate_on(dsn: str, postmaster: int) -> theirs.Crate | None:
    tool = theirs.cargo()
    if tool is None:
        say("no cargo here: the crate's published figures stand in (get Rust from https://rustup.rs)")
        return None
    say("building the crate's program (the first time this takes minutes)")
    try:
        program = await theirs.build(tool)
    except TimeoutError:
        say("it was not built in time: the crate's published figures stand in")
        return None
    crate = theirs.Crate(program, url(new_database(dsn, "crate")), postmaster)
    say("making its accounts")
    await crate.set_up()
    return crate


async def measure(given: argparse.Namespace, cluster: Cluster, postmaster: int, place: Path) -> bool:
    bench, dsn = Bench(given), cluster.dsn()
    crate = None if given.without_crate else await crate_on(dsn, postmaster)
    say("making our accounts and their history")
    ours_dsn = new_database(dsn, "ours")
    async with ours.opened(ours_dsn, postmaster) as book:
        script = floor.prepare(book, ours_dsn, cluster.binaries / "bin" / "pgbench", place)
        rows = await script.compare(lambda: book.work("pairs")[0](0))
        say(
            f"rows of a transaction, by us and by pgbench alike: {sum(rows.values())}, in "
            + ", ".join(f"{table} {count}" for table, count in sorted(rows.items()))
        )
        settle()
        for number in range(1, given.runs + 1):
            say(f"round {number} of {given.runs}, {machine.load()}")
            await bench.round(book, script, crate)
        say("verifying")
        violations = await book.violations()
    say("verified: " + ("clean" if not violations else f"{violations} VIOLATIONS"))
    found = figures.ratios(bench.runs)
    say(f"\n{figures.speeds(bench.runs)}\n\n{figures.goals(found)}")
    if crate is None:
        say("against the crate's published figures: another machine, so the ratios say little")
    say(figures.last_line(found))
    return violations == 0


def main() -> int:
    given = arguments()
    with folder() as place, own_server(place) as cluster:
        pid = cluster.server_pid()
        assert pid
        say("\n".join(machine.described(cluster.dsn(), place)))
        planned = figures.planned_seconds(given.seconds, given.runs, crate=not given.without_crate)
        say(f"series      {given.runs} rounds of {given.seconds:g} s each, medians; durability on")
        say(f"duration    at most {planned / 60:.0f} minutes, beside the crate's first build\n")
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            clean = runner.run(measure(given, cluster, pid, place))
    return 0 if clean else 1


if __name__ == "__main__":
    raise SystemExit(main())
