"""Reversals: exactly opposite, linked, once; and dry runs, which write nothing."""

from datetime import date

import psycopg
import pytest
from ledger_book import TODAY, Book
from psycopg_pool import AsyncConnectionPool
from uuid_utils.compat import uuid7

from cala_ledger import Direction, VelocityLimitExceeded, errors, verify

LATER = date(2024, 6, 1)


async def test_a_reversal_is_the_opposite_on_a_date_of_its_own(book: Book, pool: AsyncConnectionPool) -> None:
    account = await book.open()
    deposit, undone = book.tx("RECORD_DEPOSIT", account, 700), uuid7()
    await book.ledger.post([deposit])
    await book.ledger.reverse(deposit.id, undone, effective=LATER, metadata={"why": "twice"})
    assert await book.settled(account, TODAY) == 700
    assert await book.settled(account, LATER) == 0
    assert await book.settled(book.deposits, LATER) == 0
    original = await book.ledger.transactions.find(deposit.id)
    reversal = await book.ledger.transactions.find(undone)
    assert (reversal.template, reversal.metadata) == (original.template, {"why": "twice"})
    assert [(e.account_id, e.amount, e.layer, e.currency) for e in reversal.entries] == [
        (e.account_id, e.amount, e.layer, e.currency) for e in original.entries
    ]
    assert all(
        a.direction is not b.direction for a, b in zip(original.entries, reversal.entries, strict=True)
    )
    async with pool.connection() as conn:
        assert await verify(conn) == []


async def test_a_reversal_happens_once_and_may_be_repeated_or_reversed(book: Book) -> None:
    account = await book.open()
    deposit, undone, again = book.tx("RECORD_DEPOSIT", account, 700), uuid7(), uuid7()
    await book.ledger.post([deposit])
    await book.ledger.reverse(deposit.id, undone, effective=LATER)
    await book.ledger.reverse(deposit.id, undone, effective=LATER)
    assert await book.settled(account) == 0
    with pytest.raises(errors.TransactionAlreadyReversed):
        await book.ledger.reverse(deposit.id, uuid7(), effective=LATER)
    with pytest.raises(errors.TransactionIdReused):
        await book.ledger.reverse(deposit.id, undone, effective=TODAY)
    await book.ledger.reverse(undone, again, effective=LATER)
    assert await book.settled(account) == 700
    with pytest.raises(errors.TransactionNotFound):
        await book.ledger.reverse(uuid7(), uuid7(), effective=LATER)


async def test_a_reversal_obeys_limits(book: Book) -> None:
    account = await book.open()
    deposit = book.tx("RECORD_DEPOSIT", account, 700)
    await book.ledger.post([deposit])
    await book.ledger.post([book.tx("REVERT_DEPOSIT", account, 1)])
    with pytest.raises(VelocityLimitExceeded):
        await book.ledger.reverse(deposit.id, uuid7(), effective=LATER)
    assert await book.settled(account) == 699


async def test_a_dry_run_answers_entries_and_balances_and_writes_nothing(
    book: Book, pool: AsyncConnectionPool
) -> None:
    account = await book.open()
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 700)])
    tx = book.tx("RECORD_DEPOSIT", account, 42)
    would = await book.ledger.dry_run([tx])
    assert [e.amount for e in would.entries[tx.id]] == [42, 42]
    assert would.balances[account]["USD"].settled.net(Direction.CREDIT) == 742
    assert would.balances[book.deposits]["USD"].settled.net(Direction.CREDIT) == 742
    with pytest.raises(VelocityLimitExceeded):
        await book.ledger.dry_run([book.tx("REVERT_DEPOSIT", account, 701)])
    assert await book.settled(account) == 700
    assert await book.ledger.transactions.find_many([tx.id]) == {}
    async with pool.connection() as conn:
        assert await verify(conn) == []
        row = await (await conn.execute("select count(*) from cala.transactions")).fetchone()
        assert row == (1,)


async def test_a_dry_run_inside_a_transaction_leaves_it_going(book: Book, pool: AsyncConnectionPool) -> None:
    account = await book.open()
    async with pool.connection() as conn:
        await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 1)], conn=conn)
        would = await book.ledger.dry_run([book.tx("RECORD_DEPOSIT", account, 2)], conn=conn)
        assert would.balances[account]["USD"].settled.credit == 3
        assert conn.info.transaction_status is psycopg.pq.TransactionStatus.INTRANS
    assert await book.settled(account) == 1
