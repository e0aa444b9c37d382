"""The conftest of the pages' examples. They run in a process of their own: what they declare is not the bank's."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest_asyncio

import lana.admin_server
import lana.core
from lana.lib.es.commands import Commands
from lana.lib.es.committer import Committer
from lana.lib.pg.database import Database

HERE = Path(__file__).parent
DSN = os.environ["LANA_EXAMPLE_DSN"]

lana.core.__path__.append(str(HERE / "src/lana/core"))
lana.admin_server.__path__.append(str(HERE / "src/lana/admin_server"))


class Noon:
    def now(self) -> datetime:
        return datetime(2026, 1, 15, 12, tzinfo=UTC)

    def date_of(self, instant: datetime) -> date:
        return instant.date()


@pytest_asyncio.fixture
async def db() -> AsyncIterator[Database]:
    async with Database(DSN, pool_size=5) as database:
        yield database
        await database.fetch("truncate safe_boxes, claims")


@pytest_asyncio.fixture
async def commands(db: Database) -> AsyncIterator[Commands]:
    async with Committer(DSN) as committer:
        yield Commands(db, committer, Noon())
