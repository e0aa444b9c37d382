from __future__ import annotations

import asyncio

import pytest

from lana.app import open_app
from lana.lib.authz import Ctx
from lana.lib.config import Config, Secrets
from lana.lib.config.model import AppConfig, PriceConfig
from tests.conftest import NO_MARKET
from tests.support.lending import Lender
from tests.support.portfolio import make_portfolio


@pytest.fixture
def db_started(dsn: str) -> None:
    """The test's database after a first start of the bank."""

    async def start() -> None:
        async with open_app(Config(secrets=Secrets(pg_con=dsn, encryption_key="00" * 32))):
            pass

    asyncio.run(start())


@pytest.fixture
def db_lent(dsn: str) -> None:
    """The test's database with a small portfolio."""

    async def lend() -> None:
        config = Config(
            app=AppConfig(price=PriceConfig(bitfinex_url=NO_MARKET)),
            secrets=Secrets(pg_con=dsn, encryption_key="00" * 32),
        )
        async with open_app(config) as app:
            await make_portfolio(Lender(app, Ctx.system("test")))

    asyncio.run(lend())
