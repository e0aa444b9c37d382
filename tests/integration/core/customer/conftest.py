from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from lana.lib.es.commands import Commands
from lana.lib.pg.database import Database
from tests.support.branch import Branch, open_branch


@pytest_asyncio.fixture
async def bank(db: Database, commands: Commands) -> AsyncIterator[Branch]:
    async with open_branch(db, commands) as opened:
        yield opened
