"""One embedded PostgreSQL for the whole run, shared by all workers; a template database, copied per test or module."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import pytest_asyncio
from filelock import FileLock
from psycopg import conninfo, sql

from lana.app import App, open_app
from lana.lib.authz import Ctx, Subject
from lana.lib.config import Config, Secrets, TimeMode
from lana.lib.config.model import AccessConfig, AppConfig, PriceConfig, TimeConfig
from lana.lib.es.commands import Commands
from lana.lib.es.committer import Committer
from lana.lib.pg.database import Database
from lana.lib.pg.migrate import migrate
from lana.up.postgres import start_postgres, stop_postgres
from tests.support.clock import FixedTime
from tests.support.scheduling import OneKeycloak

TEMPLATE = "lana_template"
BANK = "lana_template_bank"
SUPERUSER = "superuser@example.com"
NO_MARKET = "http://127.0.0.1:1"


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> OneKeycloak:
    return OneKeycloak(config, log)


def shared_directory(factory: pytest.TempPathFactory) -> Path:
    """The run's own directory, the same for every worker."""
    base = factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A superuser's dsn of the run's PostgreSQL, its template database migrated."""
    shared = shared_directory(tmp_path_factory)
    users = shared / "postgres.users"
    lock = FileLock(shared / "postgres.lock")
    with lock:
        count = int(users.read_text()) if users.exists() else 0
        dsn = os.environ.get("LANA_TEST_PG") or start_postgres(
            shared / "postgres", port_of(shared), durable=False
        )
        if count == 0:
            make_template(dsn)
        users.write_text(str(count + 1))
    yield dsn
    with lock:
        count = int(users.read_text()) - 1
        users.write_text(str(count))
        if count == 0 and not os.environ.get("LANA_TEST_PG"):
            stop_postgres(shared / "postgres")


def port_of(shared: Path) -> int:
    """A port that was free when the run began, remembered for its other workers."""
    known = shared / "postgres.port"
    if not known.exists():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            known.write_text(str(probe.getsockname()[1]))
    return int(known.read_text())


def make_template(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for name in (TEMPLATE, BANK):
            connection.execute(sql.SQL("drop database if exists {}").format(sql.Identifier(name)))
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(TEMPLATE)))
    migrate(conninfo.make_conninfo(dsn, dbname=TEMPLATE))
    asyncio.run(open_once(copy_template(dsn, BANK)))


async def open_once(dsn: str) -> None:
    """What every start ensures, ensured."""
    async with open_app(bank_config(dsn)):
        pass


def bank_config(dsn: str) -> Config:
    """A bank with a superuser and a manual clock, and no market that anybody could reach."""
    return Config(
        app=AppConfig(
            access=AccessConfig(superuser_email=SUPERUSER), price=PriceConfig(bitfinex_url=NO_MARKET)
        ),
        time=TimeConfig(mode=TimeMode.MANUAL, start_at=datetime(2026, 1, 15, 12, tzinfo=UTC)),
        secrets=Secrets(pg_con=dsn, encryption_key="00" * 32),
    )


def copy_template(dsn: str, name: str, template: str = TEMPLATE) -> str:
    """A fresh database from the template; its dsn."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(template))
        )
    return conninfo.make_conninfo(dsn, dbname=name)


def drop_database(dsn: str, name: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def dsn(server: str) -> Iterator[str]:
    """A database of this test's own, migrated and empty."""
    name = f"test_{uuid4().hex}"
    yield copy_template(server, name)
    drop_database(server, name)


@pytest_asyncio.fixture
async def db(dsn: str) -> AsyncIterator[Database]:
    async with Database(dsn, pool_size=5) as database:
        yield database


@pytest_asyncio.fixture
async def committer(dsn: str) -> AsyncIterator[Committer]:
    async with Committer(dsn) as running:
        yield running


@pytest.fixture
def time() -> FixedTime:
    return FixedTime()


@pytest.fixture
def commands(db: Database, committer: Committer, time: FixedTime) -> Commands:
    return Commands(db, committer, time)


@pytest.fixture
def ctx() -> Ctx:
    return Ctx(subject=Subject.user(uuid4()), request_id="test")


@pytest.fixture
def bank_dsn(server: str) -> Iterator[str]:
    """A database of this test's own on which a bank with a superuser has been started."""
    name = f"bank_{uuid4().hex}"
    yield copy_template(server, name, BANK)
    drop_database(server, name)


@pytest_asyncio.fixture
async def app(bank_dsn: str) -> AsyncIterator[App]:
    """The whole bank, wired, without servers and workers."""
    async with open_app(bank_config(bank_dsn), start=False) as opened:
        yield opened


@pytest_asyncio.fixture
async def superuser(app: App) -> Ctx:
    rows = await app.db.fetch(
        "select id from personal_data where kind = 'user' and email = %b::text", [SUPERUSER]
    )
    return Ctx(subject=Subject.user(rows[0][0]), request_id="test")
