"""Where a call runs: on a connection the caller holds (inside its transaction), or on one of the pool's."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeAlias, cast

from psycopg_pool import AsyncConnectionPool

from cala_ledger import errors
from cala_ledger.errors import JsonValue
from cala_ledger.model import Page
from cala_ledger.pipeline import Connection, Pipeline, Row, Statement

Pool: TypeAlias = AsyncConnectionPool[Connection]

MAX_IDS: Final = 10_000
MAX_PAGE: Final = 1_000


class Source:
    """Runs statements on `conn` if one is given, else on a pooled connection, in a transaction of its own."""

    def __init__(self, pool: Pool | None) -> None:
        self._pool = pool

    @asynccontextmanager
    async def connection(self, conn: Connection | None) -> AsyncGenerator[Connection, None]:
        if conn is not None:
            yield conn
        else:
            async with self._opened().connection() as pooled:
                yield pooled

    def _opened(self) -> Pool:
        if self._pool is None:
            raise ValueError("this ledger has no pool: pass conn")
        return self._pool

    async def rows(self, sql: str, params: Sequence[object], conn: Connection | None) -> list[Row]:
        """One statement. On a pooled connection it is its own transaction, and one round trip."""
        if conn is not None:
            return await (await conn.execute(sql.encode(), params)).fetchall()
        pool = self._opened()
        connection = await pool.getconn()  # not pool.connection(): there is no transaction to end
        try:
            return await Pipeline.of(connection).rows(sql, params)
        finally:
            await pool.putconn(connection)

    async def run(self, statements: Sequence[Statement], conn: Connection | None) -> list[Row]:
        """Some statements, all or nothing, answering the rows of the first. Pooled: one round trip."""
        if conn is not None:
            found = await self.rows(*statements[0], conn)
            for sql, params in statements[1:]:
                await conn.execute(sql.encode(), params)
            return found
        async with self.connection(None) as connection:
            return (await Pipeline.of(connection).run(statements, (0,)))[0]


def check_ids(ids: Sequence[object]) -> None:
    if len(ids) > MAX_IDS:
        raise errors.TooManyIds(ids=len(ids), most=MAX_IDS)


def check_page(first: int) -> None:
    if not 0 <= first <= MAX_PAGE:
        raise errors.PageTooLarge(first=first, most=MAX_PAGE)


def check_window(page: Page) -> tuple[int, bool, int | None]:
    """Size, whether the rows go up by position, and the position they start behind. Raises InvalidPage,
    PageTooLarge."""
    forward = page.first is not None
    if (
        forward == (page.last is not None)
        or (page.after if page.last is not None else page.before) is not None
    ):
        raise errors.InvalidPage()
    size = page.first if page.first is not None else cast("int", page.last)
    check_page(size)
    return size, forward != page.newest_first, page.after if forward else page.before


def detail_of(value: object) -> dict[str, JsonValue]:
    """The JSON object of a refusal's row."""
    if not isinstance(value, dict):
        raise TypeError("a refusal's detail is a JSON object")
    return cast("dict[str, JsonValue]", value)


def raise_refused(rows: Sequence[Row]) -> None:
    """Raise the first refusal of a grouped call's answer."""
    for _, code, detail in rows:
        raise errors.refusal(str(code), detail_of(detail))
