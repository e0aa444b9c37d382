"""A fresh database per test, and the parts of the foundation on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest
import pytest_asyncio
from lana.lib.authz import Ctx, Subject
from lana.lib.es.commands import Commands
from lana.lib.es.committer import Committer
from lana.lib.pg.database import Database

from tests.conftest import copy_template, drop_database
from tests.support.clock import FixedTime


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
