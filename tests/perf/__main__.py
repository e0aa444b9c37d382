"""`python -m tests.perf`: how fast the bank is on this machine. See docs/how-it-works/performance.md."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvloop

from lana.app import App, open_app
from lana.app.verify import verify
from lana.lib.config import Config, Secrets
from lana.lib.config.model import AccessConfig, AppConfig
from lana.lib.memory import settle
from lana.up.postgres import Cluster, prepare, start_postgres, stop_postgres
from tests.e2e.running import free_ports
from tests.perf import group, machine, mutations, report
from tests.perf.accounts import fund, open_accounts, superuser
from tests.perf.floor import CLIENTS, compare_rows, prepare_floor
from tests.perf.measure import Series
from tests.perf.running import SUPERUSER, running_bank, until_quiet

ACCOUNTS = 1000
PARTS = {"a": "deposits by the service", "b": "mutations by HTTP", "c": "deposits by pgbench"}


def say(text: str = "") -> None:
    print(text, flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("make bench", description="Measure the bank on this machine.")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of a run (20)")
    parser.add_argument(
        "--runs", type=int, default=3, help="runs of each series, of which the median counts (3)"
    )
    parser.add_argument(
        "--only", default="a,b,c", help="parts, of " + ", ".join(f"{k} ({v})" for k, v in PARTS.items())
    )
    parser.add_argument("--callers", default="1,16,64,256", help="how many callers at once in part a")
    given = parser.parse_args()
    given.only = set(given.only.split(","))
    given.callers = [int(count) for count in given.callers.split(",")]
    if not given.only <= PARTS.keys() or given.seconds <= 0 or given.runs < 1:
        parser.error("parts are a, b and c; seconds and runs are positive")
    return given


@contextmanager
def folder() -> Iterator[Path]:
    """Where PostgreSQL's own user can go."""
    path = Path(tempfile.mkdtemp(prefix="lana-bench-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def own_server(place: Path) -> Iterator[Cluster]:
    (port,) = free_ports(1)
    data = place / "postgres"
    start_postgres(data, port)
    try:
        yield prepare(data, port)
    finally:
        stop_postgres(data)


class Bench:
    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.results: dict[tuple[str, object], list[Series]] = {}

    def keep(self, part: str, key: object, name: str, one: Series) -> None:
        self.results.setdefault((part, key), []).append(one)
        say(report.line(name, one))

    async def deposits(self, cluster: Cluster, place: Path) -> bool:
        config = Config(
            app=AppConfig(access=AccessConfig(superuser_email=SUPERUSER)),
            secrets=Secrets(pg_con=cluster.dsn(), encryption_key="00" * 32),
        )
        pid = cluster.server_pid()
        assert pid
        async with open_app(config) as app:
            ctx = await superuser(app)
            say(f"\nopening {ACCOUNTS:,} accounts")
            accounts = await open_accounts(app, ctx, ACCOUNTS)
            await fund(app, ctx, accounts, group.AMOUNT)
            floor = prepare_floor(app, ctx, accounts, cluster.binaries / "bin" / "pgbench", pid, place)
            rows = await compare_rows(app, ctx, accounts, floor)
            say(f"rows a deposit writes, by the service and by pgbench alike: {sum(rows.values())}, in "
                + ", ".join(f"{table} {count}" for table, count in sorted(rows.items())))  # fmt: skip
            settle()
            async with (
                group.grouped(app, ctx, accounts, pid) as grouped,
                group.alone(app, ctx, accounts, pid) as alone,
            ):
                for run in range(1, self.given.runs + 1):
                    say(f"run {run} of {self.given.runs}, {machine.load()}")
                    for count in self.given.callers if "a" in self.given.only else ():
                        for name, way in (("group", grouped), ("alone", alone)):
                            one = await way.measure(count, self.given.seconds)
                            self.keep(name, count, f"{count} callers, {name}", one)
                    if "c" in self.given.only:
                        self.keep(
                            "floor",
                            16,
                            "16 clients, pgbench",
                            await floor.measure(CLIENTS, self.given.seconds),
                        )
            return await verified(app)

    async def requests(self, place: Path) -> bool:
        say("\nstarting a bank (the first time this takes minutes)")
        with running_bank(place / "bank") as running:
            async with running.app() as app:
                ctx = await superuser(app)
                say(f"opening and funding {mutations.ACCOUNTS:,} accounts, waiting for their logins")
                accounts = await open_accounts(app, ctx, mutations.ACCOUNTS)
                await fund(app, ctx, accounts, mutations.FUNDS)
                await until_quiet(app)
            for run in range(1, self.given.runs + 1):
                say(f"run {run} of {self.given.runs}, {machine.load()}")
                for way, requests in mutations.ways(running, accounts).items():
                    self.keep("http", way, way, await requests.measure(self.given.seconds))
            async with running.app() as app:
                await until_quiet(app)
                return await verified(app)


async def verified(app: App) -> bool:
    """Afterwards every promise about stored data must still hold."""
    say("verifying")
    findings = await verify(app)
    for finding in findings:
        for violation in finding.violations:
            say(f"  VIOLATION {finding.check}: {violation}")
    clean = all(finding.clean for finding in findings)
    if clean:
        say(
            f"verified: {len(findings)} checks over {sum(f.looked_at for f in findings):,} records, all clean"
        )
    return clean


def main() -> int:
    given = arguments()
    bench, clean = Bench(given), True
    with folder() as place, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        with own_server(place) as cluster:
            say("\n".join(machine.described(cluster.dsn(), place)))
            say(f"series      {given.runs} runs of {given.seconds:g} s each, medians; durability on")
            if given.only & {"a", "c"}:
                clean = runner.run(bench.deposits(cluster, place))
        if "b" in given.only:
            clean = runner.run(bench.requests(place)) and clean
    say()
    if "a" in given.only:
        say(report.deposits(bench.results, given.callers) + "\n")
    if "c" in given.only:
        say(report.floor(bench.results) + "\n")
    if "b" in given.only:
        say(report.mutations(bench.results) + "\n")
    found = report.ratios(bench.results)
    say(report.goals(found))
    say(report.last_line(found))
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
