from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest
import pytest_asyncio

from lana.app import open_app
from tests.conftest import BANK, copy_template, drop_database
from tests.support.api import ApiClient
from tests.support.proof import assert_clean, no_effect
from tests.support.servers import Servers, config_of


@pytest.fixture(scope="module")
def module_dsn(server: str) -> Iterator[str]:
    name = f"bad_{uuid4().hex}"
    yield copy_template(server, name, BANK)
    drop_database(server, name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bank(module_dsn: str) -> AsyncIterator[Servers]:
    """Without processors: what the database holds came by the requests. At the end it verifies clean."""
    async with open_app(config_of(module_dsn), start=False) as app:
        rows = await app.db.fetch("select id from users")
        servers = Servers(app, rows[0][0])
        await servers.allow_manual_conversion()
        yield servers
        await assert_clean(app)


@pytest.fixture
def staff(bank: Servers) -> ApiClient:
    return bank.superuser


@pytest_asyncio.fixture(loop_scope="module")
async def account(bank: Servers) -> str:
    """A customer's account, empty and active."""
    return (await bank.new_customer(f"{uuid4().hex}@example.com"))["depositAccountId"]


@pytest_asyncio.fixture(loop_scope="module")
async def nothing_done(bank: Servers, account: str) -> AsyncIterator[None]:
    """What the test asks for leaves no trace of an effect, in no table."""
    assert account
    async with no_effect(bank.app.db):
        yield
