from __future__ import annotations

import asyncio

import pytest

from lana.app import open_app
from lana.lib.config import Config, Secrets


@pytest.fixture
def db_started(dsn: str) -> None:
    """The test's database after a first start of the bank."""

    async def start() -> None:
        async with open_app(Config(secrets=Secrets(pg_con=dsn, encryption_key="00" * 32))):
            pass

    asyncio.run(start())
