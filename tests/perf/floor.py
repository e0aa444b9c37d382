"""(c) The floor: pgbench writing what a deposit writes, a transaction for each, on the bank's own tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from lana.app import App
from lana.core.deposit.primitives import DepositAction
from lana.lib.authz import Ctx
from lana.lib.pg.database import session
from tests.perf.group import AMOUNT
from tests.perf.pgbench import Script

CLIENTS = 16
SQL = Path(__file__).with_name("floor.sql")


def prepare_floor(
    app: App, ctx: Ctx, accounts: list[UUID], program: Path, postmaster: int, at: Path
) -> Script:
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
    return Script(program, file, dsn, postmaster)


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


async def compare_rows(app: App, ctx: Ctx, accounts: list[UUID], floor: Script) -> Mapping[str, int]:
    """Rows that one deposit inserts or changes, by table, by the service and by pgbench alike."""

    async def by_service() -> None:
        await app.commands.run(ctx, app.deposits.record_deposit, accounts[0], AMOUNT)

    return await floor.compare(by_service)
