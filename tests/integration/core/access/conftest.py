from __future__ import annotations

import pytest_asyncio

from lana.lib.es.commands import Commands
from lana.lib.pg.database import Database
from tests.support.staff import Staff


@pytest_asyncio.fixture
async def staff(db: Database, commands: Commands) -> Staff:
    """A bank after its first start, with a superuser."""
    found = Staff(db, commands)
    await found.start()
    return found
