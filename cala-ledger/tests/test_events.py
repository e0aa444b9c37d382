"""Transactions are published in the commit that writes them, once, whoever posts."""

import asyncio
from datetime import date

import pytest
from ledger_book import TEMPLATES, TODAY, Book
from psycopg_pool import AsyncConnectionPool
from uuid_utils.compat import uuid7

from cala_ledger import Ledger, Poster, Templates, VelocityLimitExceeded

PUBLISH = "insert into outbox (payload) select event from cala.new_transactions(%s)"


@pytest.fixture
async def outbox(pool: AsyncConnectionPool) -> AsyncConnectionPool:
    async with pool.connection() as conn:
        await conn.execute("create table outbox (id int8 generated always as identity, payload jsonb)")
    return pool


async def published(pool: AsyncConnectionPool) -> list[dict[str, object]]:
    async with pool.connection() as conn:
        rows = await (await conn.execute("select payload from outbox order by id")).fetchall()
    return [row[0] for row in rows]


async def test_a_posting_publishes_what_it_wrote_and_no_repeat(
    book: Book, outbox: AsyncConnectionPool
) -> None:
    ledger = Ledger(outbox, book.ledger.templates.registry, publish=PUBLISH)
    account, undone = await book.open(), uuid7()
    first, second = (book.tx("RECORD_DEPOSIT", account, n) for n in (5, 6))
    await ledger.post([first])
    await ledger.post([first, second])
    with pytest.raises(VelocityLimitExceeded):
        await ledger.post([book.tx("REVERT_DEPOSIT", account, 100)])
    await ledger.reverse(first.id, undone, effective=date(2024, 6, 1))
    found = await published(outbox)
    assert [event["id"] for event in found] == [str(first.id), str(second.id), str(undone)]
    assert found[2]["reverses"] == str(first.id)
    event = found[0]
    assert (event["type"], event["template"], event["effective"]) == (
        "transaction_posted",
        "RECORD_DEPOSIT",
        TODAY.isoformat(),
    )
    assert event["entries"] == [
        {
            "sequence": sequence,
            "account_id": str(holder),
            "layer": "settled",
            "direction": side,
            "currency": "USD",
            "amount": 5,
            "entry_type": f"RECORD_DEPOSIT_{side[0].upper()}R",
            "description": None,
        }
        for sequence, holder, side in ((1, book.omnibus, "debit"), (2, account, "credit"))
    ]


async def test_a_rolled_back_posting_publishes_nothing(book: Book, outbox: AsyncConnectionPool) -> None:
    ledger = Ledger(outbox, book.ledger.templates.registry, publish=PUBLISH)
    account = await book.open()
    tx = book.tx("RECORD_DEPOSIT", account, 5)
    async with outbox.connection() as conn:
        await ledger.post([tx], conn=conn)
        await ledger.post([tx, book.tx("RECORD_DEPOSIT", account, 6)], conn=conn)
        row = await (await conn.execute("select count(*) from outbox")).fetchone()
        assert row == (2,)
        await conn.rollback()
    assert await published(outbox) == []


async def test_many_callers_publish_each_transaction_once(
    book: Book, outbox: AsyncConnectionPool, dsn: str
) -> None:
    account = await book.open()
    async with Poster(dsn, Templates(TEMPLATES), publish=PUBLISH) as poster:
        given = [book.tx("RECORD_DEPOSIT", account, 1) for _ in range(30)]
        answers = await asyncio.gather(
            *(poster.post([tx]) for tx in [*given, *given[:5]]),
            poster.post([book.tx("REVERT_DEPOSIT", account, 10**9)]),
            return_exceptions=True,
        )
    assert answers[:-1] == [None] * 35
    assert isinstance(answers[-1], VelocityLimitExceeded)
    found = await published(outbox)
    assert sorted(str(event["id"]) for event in found) == sorted(str(tx.id) for tx in given)
