"""Connections: one pool for reads, typed for set-based statements.

Every integer travels as int8 and every JSON document as bytes, so that one statement text is one prepared
statement, and nothing is parsed that is not looked at. A session that sits idle in a transaction is ended by
the server (`idle_in_transaction_session_timeout`), because a forgotten one would stop every writer.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog
from psycopg import conninfo
from psycopg.adapt import Buffer, Loader
from psycopg.pq import Format
from psycopg.types.numeric import Int8BinaryDumper, Int8Dumper
from psycopg_pool import AsyncConnectionPool

from cala_ledger.pipeline import Connection, Pipeline
from cala_ledger.steady import SteadyConnection
from lana.lib.pg.migrate import SEARCH_PATH

log = structlog.get_logger()

# A pool doubles its pause between attempts until then; when it gave up, the next caller makes it try at once.
# So after an outage of any length it is back within so many seconds; with its own five minutes, within the
# outage's length.
RECONNECT_SECONDS = 2.0


class JsonbBytes(Loader):
    """jsonb in binary: a version byte, then the text."""

    format = Format.BINARY

    def load(self, data: Buffer) -> bytes:
        return bytes(data[1:])


class JsonBytes(Loader):
    format = Format.TEXT

    def load(self, data: Buffer) -> bytes:
        return bytes(data)


def session(dsn: str, *, statement_ms: int = 30_000, lock_ms: int = 10_000) -> str:
    """The dsn with Lana's session settings."""
    options = (
        f"-c search_path={SEARCH_PATH} -c timezone=UTC -c statement_timeout={statement_ms}"
        f" -c lock_timeout={lock_ms} -c idle_in_transaction_session_timeout=10000"
        " -c default_transaction_isolation=read\\ committed"
    )
    return conninfo.make_conninfo(dsn, options=options, application_name="lana")


async def prepare(connection: Connection) -> None:
    """What every connection of Lana's knows about types."""
    await connection.set_autocommit(True)
    connection.prepare_threshold = 0
    connection.prepared_max = 500
    adapters = connection.adapters
    adapters.register_dumper(int, Int8Dumper)
    adapters.register_dumper(int, Int8BinaryDumper)
    adapters.register_loader("jsonb", JsonbBytes)
    adapters.register_loader("jsonb", JsonBytes)


async def connect(dsn: str, *, statement_ms: int = 30_000, lock_ms: int = 10_000) -> Connection:
    """A single connection outside the pool (committer, listeners)."""
    connection = await SteadyConnection.connect(
        session(dsn, statement_ms=statement_ms, lock_ms=lock_ms), autocommit=True, connect_timeout=5
    )
    try:
        await prepare(connection)
    except BaseException:  # cancelled or cut while it was being set up: nobody else would close it
        await connection.close()
        raise
    return connection


def plain_pool(dsn: str, *, max_size: int) -> AsyncConnectionPool[Connection]:
    """A pool for libraries that read JSON as psycopg gives it (the ledger). To be opened by the caller."""
    return AsyncConnectionPool(
        session(dsn),
        min_size=1,
        max_size=max_size,
        open=False,
        connection_class=SteadyConnection,
        timeout=5.0,
        reconnect_timeout=RECONNECT_SECONDS,
        max_waiting=2000,
        kwargs={"autocommit": True, "connect_timeout": 5, "prepare_threshold": 0},
    )


class Database:
    """The pool, and the two bounds every list obeys."""

    def __init__(
        self, dsn: str, *, pool_size: int = 20, page_limit: int = 100, list_bound: int = 1000
    ) -> None:
        self.dsn = dsn
        self.page_limit = page_limit
        self.list_bound = list_bound
        self.pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            session(dsn),
            min_size=1,
            max_size=pool_size,
            open=False,
            configure=prepare,
            connection_class=SteadyConnection,
            timeout=5.0,
            reconnect_timeout=RECONNECT_SECONDS,
            max_waiting=2000,
            kwargs={"autocommit": True, "connect_timeout": 5},
        )
        self.statements = 0
        self.repos: dict[str, Any] = {}

    async def __aenter__(self) -> Database:
        await self.pool.open(wait=True, timeout=10)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.pool.close(timeout=5)

    async def fetch(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of one statement, autocommitted. Placeholders are `%b` with casts."""
        self.statements += 1
        async with self.pool.connection() as connection:
            return await Pipeline.of(connection).rows(sql, params)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Connection]:
        """A transaction for maintenance and migrations; commands go through the committer."""
        async with self.pool.connection() as connection, connection.transaction():
            yield connection

    def log_bound_met(self, what: str, bound: int) -> None:
        log.warning("list bound met", list=what, bound=bound)
