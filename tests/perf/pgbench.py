"""pgbench with a script of ours: what PostgreSQL does for the same rows, statement by statement."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg

from lana.lib.pg.database import session
from tests.perf import cpu
from tests.perf.measure import Series

THREADS = 2
SLACK_SECONDS = 60


class FloorDiffers(Exception):
    """The script does not write what we write, so comparing their speed would say nothing."""


@dataclass(frozen=True)
class Script:
    program: Path
    script: Path
    dsn: str
    postmaster: int

    async def measure(self, clients: int, seconds: float) -> Series:
        before = cpu.of_server(self.postmaster)
        whole = max(1, round(seconds))
        said = await self._run(
            "-c", str(clients), "-j", str(min(THREADS, clients)), "-T", str(whole), seconds=whole
        )
        number = {
            name: float(found)
            for name, found in re.findall(r"^(tps|latency average) = ([\d.]+)", said, re.MULTILINE)
        }
        done = int(re.search(r"actually processed: (\d+)", said)[1])  # pyright: ignore[reportOptionalSubscript]
        return Series(
            seconds=whole,
            written=done,
            rate_given=number["tps"],
            p50_given=number["latency average"],
            server_cpu=cpu.of_server(self.postmaster) - before,
        )

    async def write_one(self) -> None:
        await self._run("-c", "1", "-t", "1", seconds=1)

    async def _run(self, *arguments: str, seconds: float) -> str:
        process = await asyncio.create_subprocess_exec(
            str(self.program), "-n", "-M", "prepared", "-f", str(self.script), *arguments,
            session(self.dsn),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "LC_ALL": "C"},
        )  # fmt: skip
        try:
            async with asyncio.timeout(seconds + SLACK_SECONDS):
                out, errors = await process.communicate()
        except TimeoutError:
            process.kill()
            raise
        said = out.decode()
        if process.returncode or "number of failed transactions: 0 " not in said:
            raise RuntimeError(f"pgbench failed: {errors.decode()[-2000:]} {said[-500:]}")
        return said

    async def compare(self, ours: Callable[[], Awaitable[None]]) -> Mapping[str, int]:
        """Rows that `ours` inserts or changes, by table; FloorDiffers unless the script writes as many.

        Nobody else may write meanwhile.
        """
        wanted, found = await _written(self.dsn, ours), await _written(self.dsn, self.write_one)
        if wanted != found:
            raise FloorDiffers(f"we write {wanted}, pgbench {found}")
        return wanted


async def _written(dsn: str, work: Callable[[], Awaitable[None]]) -> dict[str, int]:
    """Rows that carry a transaction begun since."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        horizon = await (await connection.execute("select pg_current_xact_id()::text::int8")).fetchone()
        assert horizon
        await work()
        tables = await connection.execute(
            "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('lana', 'cala')"
        )
        counts: dict[str, int] = {}
        for (table,) in await tables.fetchall():
            counted = f"select count(*) from {table} where xmin::text::int8 >= {horizon[0]}"
            found = await (await connection.execute(counted.encode())).fetchone()
            if found and found[0]:
                counts[table] = found[0]
        return counts
