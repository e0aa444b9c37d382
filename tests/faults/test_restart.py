"""PostgreSQL goes away under load: what was acknowledged stays, what was unknown is never doubled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from lana.app import App, open_app
from lana.lib.es import committer
from tests.conftest import bank_config
from tests.support.api import ApiClient
from tests.support.bank import open_account, superuser_of
from tests.support.own_server import Depositors, OwnServer
from tests.support.proof import assert_clean
from tests.support.servers import Servers

CALLERS = 48
DEPOSIT = (
    "mutation ($input: DepositRecordInput!) { depositRecord(input: $input) { deposit { depositId amount } } }"
)


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


async def test_without_a_database_the_api_says_that_it_is_away_and_afterwards_goes_on(
    own: OwnServer, bank: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(committer, "DEADLINE", 3.0)
    root = await superuser_of(bank)
    account = str((await open_account(bank, root)).id)
    staff = Servers(bank, root.subject.id).superuser
    body = {"input": {"depositAccountId": account, "amount": 7}}
    key = {"Idempotency-Key": uuid4().hex}
    await asyncio.to_thread(own.stop)
    try:
        async with asyncio.timeout(30):
            answers = await asyncio.gather(
                staff.answer("query ($id: UUID!) { depositAccount(id: $id) { publicId } }", {"id": account}),
                staff.answer(DEPOSIT, body, **key),
                staff.answer("{ me { user { userId } } }"),
            )
    finally:
        await asyncio.to_thread(own.start)
    for answer in answers:
        assert {error["extensions"]["kind"] for error in answer["errors"]} == {"UNAVAILABLE"}, answer
    for _ in range(2):
        again = await eventually_answered(staff, body, key)
    assert again["data"]["depositRecord"]["deposit"]["amount"] == 7
    (held,) = await bank.db.fetch(
        "select count(*), sum(amount)::int8 from deposits where deposit_account_id = %b::uuid", [account]
    )
    assert held == (1, 7)


async def eventually_answered(staff: ApiClient, body: object, key: dict[str, str]) -> dict[str, Any]:
    """As a client does that was told to ask again."""
    for _ in range(20):
        answer = await staff.answer(DEPOSIT, body, **key)
        if not answer.get("errors"):
            return answer
        assert answer["errors"][0]["extensions"]["kind"] == "UNAVAILABLE"
        await asyncio.sleep(0.2)
    raise AssertionError(answer)
