"""How a check of `verify` reads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from lana.lib.pg.database import Connection

SHOWN: Final = 20
"""Violations that one check tells of."""

Check = Callable[[Connection], Awaitable[tuple[int, list[str]]]]
"""How many it looked at, and what it found wrong."""


async def rows(connection: Connection, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    async with connection.cursor(binary=True) as cursor:
        await cursor.execute(sql.encode(), params or None)
        return await cursor.fetchall()


def counting(table: str, sql: str) -> Check:
    """Over a whole table; `sql` answers a sentence for each violation, of which some are shown.

    It is planned for all it answers: a plan that hopes to be done after a few reads everything again and
    again where nothing is wrong.
    """
    shown = f"with wrong as materialized ({sql}) select * from wrong limit {SHOWN}"

    async def check(connection: Connection) -> tuple[int, list[str]]:
        total = await rows(connection, f"select count(*) from {table}")
        return total[0][0], [row[0] for row in await rows(connection, shown)]

    return check
