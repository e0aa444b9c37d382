from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from lana.lib.es.commands import Commands
from lana.lib.pg.database import Database
from tests.support.bank import Bank, open_bank


@pytest_asyncio.fixture
async def bank(db: Database, commands: Commands) -> AsyncIterator[Bank]:
    async with open_bank(db, commands) as opened:
        yield opened
