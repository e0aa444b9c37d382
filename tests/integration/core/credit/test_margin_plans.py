"""What a sweep reads, it reads by its indices, at whatever price: also once PostgreSQL plans for any values."""

from __future__ import annotations

import pytest

from lana.app import App
from lana.core.credit.margin_monitor import (
    ACTIVATIONS,
    FACILITIES,
    LIQUIDATIONS,
    PENDINGS,
    SETTLEMENTS,
)

pytestmark = pytest.mark.asyncio

TWENTY_THOUSAND = (
    "insert into credit_facilities select gen_random_uuid(), 1, now(), '{}', gen_random_uuid(), n, 'active',"
    " 'fully', n, '2027-01-01', gen_random_uuid(), 1, 1, 3000000 + (n * 7919) % 6900000,"
    " case when n % 20 = 0 then 10000001 + (n * 31) % 3000000 end, n % 500 = 0,"
    " 125, 131, 105, 0, gen_random_uuid() from generate_series(1, 20000) n",
    "insert into pending_credit_facilities select gen_random_uuid(), 1, now(), '{}', gen_random_uuid(),"
    " 'pending', 'under', 1, gen_random_uuid(), 3000000 + (n * 7919) % 6900000,"
    " case when n % 20 = 0 then 10000001 + (n * 31) % 3000000 end, n % 500 = 0"
    " from generate_series(1, 20000) n",
    "insert into disbursals select gen_random_uuid(), 1, now(), '{}', gen_random_uuid(), 'new', 1, n,"
    " n % 500 = 0, null from generate_series(1, 20000) n",
    "analyze credit_facilities, pending_credit_facilities, disbursals",
)

SCANS = {
    FACILITIES[0].sql: ("credit_facilities_falls", 3),
    FACILITIES[1].sql: ("credit_facilities_rises", 3),
    PENDINGS[0].sql: ("pending_credit_facilities_falls", 3),
    PENDINGS[1].sql: ("pending_credit_facilities_rises", 3),
    LIQUIDATIONS.sql: ("credit_facilities_liquidation", 1),
    ACTIVATIONS: ("pending_credit_facilities_activation", 1),
    SETTLEMENTS: ("disbursals_settlement", 1),
}


async def test_every_scan_of_a_sweep_walks_its_own_index_in_order(app: App) -> None:
    async with app.db.transaction() as connection:
        for statement in TWENTY_THOUSAND:
            await connection.execute(statement.encode())
        await connection.execute(b"set local plan_cache_mode = force_generic_plan")
        for number, (sql, (index, count)) in enumerate(SCANS.items()):
            prepared = sql
            for position in range(1, count + 1):
                prepared = prepared.replace("%b", f"${position}", 1)
            await connection.execute(f"prepare scan{number} as {prepared}".encode())
            # a price that concerns one in a hundred, and the first page's start
            given = {1: f"'{'0' * 32}'", 3: f"9831000, {2**63 - 1}, '{'f' * 32}'"}[count]
            if "rises" in index:
                given = f"10030000, 0, '{'0' * 32}'"
            rows = await connection.execute(f"explain execute scan{number}({given})".encode())
            plan = "\n".join([str(row[0]) for row in await rows.fetchall()])
            assert index in plan, plan
            assert "Sort" not in plan, plan
            assert "Filter" not in plan, plan
