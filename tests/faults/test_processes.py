"""Processes of the bank killed with -9, started at once, and sharing nothing but the database."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from lana.app import App, open_app
from lana.core.deposit import WithdrawalStatus
from lana.lib.authz import Ctx
from lana.lib.outbox.processor import LEASE_SECONDS
from tests.conftest import bank_config
from tests.support.bank import open_account
from tests.support.own_server import free_port
from tests.support.processes import Issuer, Processes
from tests.support.proof import assert_clean
from tests.support.waiting import eventually

OWNER = "select owner from processors where name = 'withdrawal-approval' and leased_until > clock_timestamp()"
DEPOSIT = "mutation ($input: DepositRecordInput!) { depositRecord(input: $input) { deposit { depositId } } }"


@pytest.fixture
def processes(bank_dsn: str, tmp_path: Path) -> Iterator[Processes]:
    with Processes(tmp_path, bank_dsn) as started:
        yield started


async def owner(app: App) -> UUID | None:
    rows = await app.db.fetch(OWNER)
    return rows[0][0] if rows else None


async def initiate_until(app: App, ctx: Ctx, stop: asyncio.Event) -> int:
    """Withdrawals of 1 from an account of their own, one after the other."""
    account = (await open_account(app, ctx)).id
    await app.commands.run(ctx, app.deposits.record_deposit, account, 1_000_000)
    made = 0
    while not stop.is_set():
        await app.commands.run(ctx, app.withdrawals.initiate_withdrawal, account, 1)
        made += 1
        await asyncio.sleep(0.01)
    return made


async def count(app: App, status: WithdrawalStatus) -> int:
    rows = await app.db.fetch("select count(*) from withdrawals where status = %b::text", [status])
    return rows[0][0]


async def approvals(app: App) -> dict[int, int]:
    """How many withdrawals were approved how often, by their histories and by what was published of them."""
    rows = await app.db.fetch(
        "select approved, published, count(*) from ("
        "  select (select count(*) from events e where e.entity_type = 'withdrawal' and e.entity_id = w.id"
        "            and e.event_type = 'approval_process_concluded') as approved,"
        "         (select count(*) from outbox o where o.type = 'WithdrawalApprovalConcluded'"
        "            and o.payload->'entity'->>'id' = w.id::text) as published"
        "    from withdrawals w) counted group by 1, 2"
    )
    assert all(approved == published for approved, published, _ in rows)
    return {approved: withdrawals for approved, _, withdrawals in rows}


async def test_a_killed_worker_is_replaced_within_its_lease_and_every_withdrawal_is_approved_once(
    app: App, superuser: Ctx, processes: Processes
) -> None:
    first = processes.worker()
    await asyncio.to_thread(first.wait_ready)
    await eventually(lambda: holds(app), 10)
    second = processes.worker()
    await asyncio.to_thread(second.wait_ready)
    stop = asyncio.Event()
    initiating = [asyncio.create_task(initiate_until(app, superuser, stop)) for _ in range(4)]

    async def some_approved() -> bool:
        return await count(app, WithdrawalStatus.PENDING_CONFIRMATION) > 20

    await eventually(some_approved, 20)
    before = await owner(app)
    first.kill()

    async def taken_over() -> bool:
        return await owner(app) not in {before, None}

    # a lease to run out, a quarter of one until the other asks again, and room for a busy machine
    await eventually(taken_over, LEASE_SECONDS * 1.25 + 5)
    stop.set()
    made = sum(await asyncio.gather(*initiating))

    async def all_approved() -> bool:
        return await count(app, WithdrawalStatus.PENDING_APPROVAL) == 0

    await eventually(all_approved, 20)
    assert await approvals(app) == {1: made}
    assert await asyncio.to_thread(second.stop) == 0
    assert await owner(app) is None, "a graceful stop passes the lease on at once"
    await assert_clean(app)


async def holds(app: App) -> bool:
    return await owner(app) is not None


async def test_processes_started_at_once_on_an_empty_database_make_one_bank(dsn: str, tmp_path: Path) -> None:
    with Processes(tmp_path, dsn) as processes:
        workers = [processes.worker() for _ in range(3)]
        for worker in workers:
            await asyncio.to_thread(worker.wait_ready)
        assert [await asyncio.to_thread(worker.stop) for worker in workers] == [0, 0, 0]
    async with open_app(bank_config(dsn), start=False) as app:
        (made,) = await app.db.fetch(
            "select (select count(*) from users), (select count(*) from committees),"
            " (select count(*) from policies), (select count(*) from cala.journals)"
        )
        assert made == (1, 1, 3, 1)
        for table, column in (("roles", "name"), ("permission_sets", "name"), ("domain_configs", "key")):
            doubled = await app.db.fetch(f"select {column} from {table} group by 1 having count(*) > 1")
            assert doubled == [], table
        await assert_clean(app)


async def test_two_servers_answer_one_key_alike_and_one_goes_on_when_the_other_is_killed(
    app: App, superuser: Ctx, processes: Processes
) -> None:
    accounts = [str((await open_account(app, superuser)).id) for _ in range(4)]
    ports = (free_port(), free_port())
    with Issuer() as issuer:
        servers = [processes.admin_server(issuer, port) for port in ports]
        for server in servers:
            await asyncio.to_thread(server.wait_ready)
        headers = {"Authorization": f"Bearer {issuer.token(superuser.subject.id)}"}
        async with httpx.AsyncClient(headers=headers, timeout=20) as http:
            told: dict[str, set[str]] = {}

            async def record(key: str, account: str) -> None:
                """At both servers at once, of which one may be gone."""
                body = {"query": DEPOSIT, "variables": {"input": {"depositAccountId": account, "amount": 1}}}
                answers = await asyncio.gather(
                    *(post(http, port, key, body) for port in ports), return_exceptions=True
                )
                told[key] = {answer for answer in answers if isinstance(answer, str)}

            async def caller(number: int) -> None:
                while not stop.is_set():
                    await record(uuid4().hex, accounts[number % 4])

            stop = asyncio.Event()
            callers = [asyncio.create_task(caller(n)) for n in range(8)]
            await eventually(lambda: len(told) >= 100, 30)
            servers[0].kill()
            reached = len(told)
            await eventually(lambda: len(told) >= reached + 100, 30)
            stop.set()
            await asyncio.gather(*callers)
        assert all(len(answers) == 1 for answers in told.values())
    rows = await app.db.fetch("select id::text from deposits")
    assert {row[0] for row in rows} == {answer for answers in told.values() for answer in answers}
    await assert_clean(app)


async def post(http: httpx.AsyncClient, port: int, key: str, body: object) -> str:
    """The deposit's id. Raises when the server is not there."""
    response = await http.post(
        f"http://127.0.0.1:{port}/graphql", json=body, headers={"Idempotency-Key": key}
    )
    response.raise_for_status()
    answer = response.json()
    assert not answer.get("errors"), answer
    return answer["data"]["depositRecord"]["deposit"]["depositId"]
