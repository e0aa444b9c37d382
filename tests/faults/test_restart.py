"""PostgreSQL goes away under load: what was acknowledged stays, what was unknown is repeated and never doubled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import pytest_asyncio

from lana.app import App, open_app
from tests.conftest import bank_config
from tests.support.bank import open_account, superuser_of
from tests.support.own_server import Depositors, OwnServer
from tests.support.proof import assert_clean

CALLERS = 48


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    server = OwnServer(tmp_path_factory.mktemp("own") / "postgres")
    server.start()
    yield server
    server.stop()


@pytest_asyncio.fixture
async def bank(own: OwnServer) -> AsyncIterator[App]:
    async with open_app(bank_config(own.dsn)) as app:
        yield app


@pytest.mark.parametrize(
    "fault", [OwnServer.restart, OwnServer.crash_a_backend, OwnServer.crash], ids=lambda fault: fault.__name__
)
async def test_acknowledged_deposits_survive_and_unknown_ones_are_never_doubled(
    own: OwnServer, bank: App, fault: Callable[[OwnServer], None]
) -> None:
    root = await superuser_of(bank)
    accounts = [(await open_account(bank, root)).id for _ in range(8)]
    async with Depositors(bank, root, accounts, CALLERS) as load:
        for _ in range(2):
            await load.more(300)
            await asyncio.to_thread(fault, own)
        await load.more(300)
    rows = await bank.db.fetch(
        "select id from deposits where deposit_account_id = any(%b::uuid[])", [accounts]
    )
    stored = [row[0] for row in rows]
    assert len(stored) == len(load.acknowledged)
    assert set(stored) == set(load.acknowledged.values())
    assert load.faults == []
    await assert_clean(bank)
