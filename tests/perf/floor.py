"""(c) The floor: pgbench writing what a deposit writes, a transaction for each, on the bank's own tables."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from lana.app import App
from lana.core.deposit.primitives import DepositAction
from lana.lib.authz import Ctx
from lana.lib.pg.database import session
from tests.perf import cpu
from tests.perf.group import AMOUNT
from tests.perf.measure import Series

CLIENTS = 16
THREADS = 2
SQL = Path(__file__).with_name("floor.sql")


class FloorDiffers(Exception):
    """The script does not write what the service writes, so comparing their speed would say nothing."""


@dataclass(frozen=True)
class Floor:
    program: Path
    script: Path
    dsn: str
    postmaster: int

    async def measure(self, seconds: float) -> Series:
        before = cpu.of_server(self.postmaster)
        said = await self._run("-c", str(CLIENTS), "-j", str(THREADS), "-T", str(max(1, round(seconds))))
        number = {
            name: float(found)
            for name, found in re.findall(r"^(tps|latency average) = ([\d.]+)", said, re.MULTILINE)
        }
        done = int(re.search(r"actually processed: (\d+)", said)[1])  # pyright: ignore[reportOptionalSubscript]
        return Series(
            seconds=seconds,
            written=done,
            rate_given=number["tps"],
            p50_given=number["latency average"],
            server_cpu=cpu.of_server(self.postmaster) - before,
        )

    async def _run(self, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(
            str(self.program), "-n", "-M", "prepared", "-f", str(self.script), *arguments,
            session(self.dsn),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "LC_ALL": "C"},
        )  # fmt: skip
        out, errors = await process.communicate()
        said = out.decode()
        if process.returncode or "number of failed transactions: 0 " not in said:
            raise RuntimeError(f"pgbench failed: {errors.decode()[-2000:]} {said[-500:]}")
        return said

    async def write_one(self) -> None:
        await self._run("-c", "1", "-t", "1")


def prepare_floor(
    app: App, ctx: Ctx, accounts: list[UUID], program: Path, postmaster: int, at: Path
) -> Floor:
    """Fill the script in with this bank's ids, and number its accounts for pgbench to choose by."""
    dsn = app.config.secrets.pg_con
    with psycopg.connect(session(dsn), autocommit=True) as connection:
        connection.execute("create schema bench")
        connection.execute(
            "create table bench.accounts (n int primary key, account_id uuid, subject text, action text)"
        )
        with connection.cursor().copy("copy bench.accounts from stdin") as copy:
            for number, account in enumerate(accounts, 1):
                copy.write_row((number, account, str(ctx.subject), str(DepositAction.CREATE)))
        connection.execute("analyze bench.accounts")
        script = _filled(connection, accounts)
    file = at / "floor.sql"
    file.write_text(script)
    return Floor(program, file, dsn, postmaster)


def _filled(connection: psycopg.Connection[Any], accounts: list[UUID]) -> str:
    one = connection.execute(
        "select t.journal_id, t.template_id, o.account_id, os.set_id, ds.set_id from cala.transactions t"
        " join cala.entries d on d.transaction_id = t.id and d.direction = 'credit'"
        " join cala.entries o on o.transaction_id = t.id and o.direction = 'debit'"
        " join cala.ancestors os on os.account_id = o.account_id"
        " join cala.ancestors ds on ds.account_id = d.account_id"
        " where d.account_id = %s limit 1",
        [accounts[0]],
    ).fetchone()
    assert one, "one deposit must have been recorded"
    return SQL.read_text().format(
        accounts=len(accounts),
        amount=AMOUNT,
        digest="5a" * 32,
        digest16="5a" * 16,
        journal=one[0],
        template=one[1],
        omnibus=one[2],
        omnibus_set=one[3],
        account_set=one[4],
    )


async def compare_rows(app: App, ctx: Ctx, accounts: list[UUID], floor: Floor) -> Mapping[str, int]:
    """Rows that one deposit inserts or changes, by table; FloorDiffers unless the script writes as many.

    Nobody else may write meanwhile.
    """

    async def by_service() -> None:
        await app.commands.run(ctx, app.deposits.record_deposit, accounts[0], AMOUNT)

    service = await _written(floor.dsn, by_service)
    script = await _written(floor.dsn, floor.write_one)
    if service != script:
        raise FloorDiffers(f"the service writes {service}, pgbench {script}")
    return service


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
