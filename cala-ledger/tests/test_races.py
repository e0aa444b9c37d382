"""Races, each test named after the one it guards. Nobody may ever see a deadlock."""

import asyncio
from collections import Counter
from uuid import UUID

import pytest
from ledger_book import Book
from psycopg_pool import AsyncConnectionPool
from uuid_utils.compat import uuid7

from cala_ledger import Direction, NewSet, Page, Status, errors, post_statement, verify


async def outcomes(*tasks: object) -> Counter[str]:
    results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, errors.LedgerError):
            raise result
    return Counter("done" if result is None else type(result).__name__ for result in results)


async def clean(pool: AsyncConnectionPool) -> None:
    async with pool.connection() as conn:
        assert await verify(conn) == []


async def test_fifty_concurrent_withdrawals_exactly_those_that_fit_succeed(
    book: Book, pool: AsyncConnectionPool
) -> None:
    account = await book.open()
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 1_000)])
    seen = await outcomes(*(book.ledger.post([book.tx("INITIATE_WITHDRAW", account, 70)]) for _ in range(50)))
    assert seen == {"done": 14, "VelocityLimitExceeded": 36}
    assert await book.settled(account) == 20
    await clean(pool)


async def test_two_accounts_posted_in_both_orders_never_deadlock(
    book: Book, pool: AsyncConnectionPool
) -> None:
    a, b = await book.open(limited=False), await book.open(limited=False)

    async def many(first: UUID, second: UUID) -> None:
        for _ in range(20):
            await book.ledger.post(
                [book.tx("RECORD_DEPOSIT", first, 1), book.tx("RECORD_DEPOSIT", second, 1, omnibus=first)]
            )

    assert await outcomes(*(many(*pair) for pair in [(a, b), (b, a)] * 3)) == {"done": 6}
    assert await book.settled(a) + await book.settled(b) == 120
    await clean(pool)


async def test_hot_account_keeps_every_posting(book: Book, pool: AsyncConnectionPool) -> None:
    account = await book.open()
    seen = await outcomes(*(book.ledger.post([book.tx("RECORD_DEPOSIT", account, n)]) for n in range(1, 101)))
    assert seen == {"done": 100}
    assert await book.settled(account) == 5_050
    page = (await book.ledger.entries.by_account(account, Page(first=1_000, newest_first=False))).entries
    assert [entry.credit_after for entry in page] == sorted(entry.credit_after for entry in page)
    await clean(pool)


async def test_same_transaction_id_from_two_sides_is_posted_once(
    book: Book, pool: AsyncConnectionPool
) -> None:
    account = await book.open()
    for _ in range(10):
        same = book.tx("RECORD_DEPOSIT", account, 3)
        assert await outcomes(*(book.ledger.post([same]) for _ in range(6))) == {"done": 6}
    assert await book.settled(account) == 30
    await clean(pool)


async def test_same_transaction_id_with_other_accounts_lets_one_through(
    book: Book, pool: AsyncConnectionPool
) -> None:
    a, b, c, d = [await book.open(limited=False, sets=()) for _ in range(4)]
    for _ in range(10):
        tx_id = uuid7()
        seen = await outcomes(
            book.ledger.post([book.tx("RECORD_DEPOSIT", a, 3, tx_id=tx_id, omnibus=b)]),
            book.ledger.post([book.tx("RECORD_DEPOSIT", c, 3, tx_id=tx_id, omnibus=d)]),
        )
        assert seen == {"done": 1, "TransactionIdReused": 1}
    await clean(pool)


async def test_batches_against_batches_never_deadlock_and_lose_nothing(
    book: Book, pool: AsyncConnectionPool
) -> None:
    accounts = [await book.open() for _ in range(6)]
    prepare = book.ledger.templates.registry.prepare

    async def batch(turn: int) -> int:
        groups = []
        for n in range(40):
            account = accounts[(n * turn) % len(accounts)]
            kind = "INITIATE_WITHDRAW" if n % 4 == turn % 4 else "RECORD_DEPOSIT"
            groups.append((n, [prepare(book.tx(kind, account, n + 1))]))
        async with pool.connection() as conn:
            cursor = await conn.execute(*post_statement(groups))
            refused = {row[0] for row in await cursor.fetchall()}
        moved = 0
        for n, (transaction,) in groups:
            sign = 1 if transaction.template == "RECORD_DEPOSIT" else -1
            moved += 0 if n in refused else sign * (n + 1)
        return moved

    moved = sum(await asyncio.gather(*(batch(turn) for turn in range(1, 13))))
    balances = await book.ledger.balances.now(accounts)
    nets = [found["USD"].settled.net(Direction.CREDIT) for found in balances.values() if found]
    assert sum(nets) == moved == await book.settled(book.deposits)
    assert min(nets) >= 0
    await clean(pool)


async def test_locking_an_account_against_postings_leaves_none_after_the_lock(
    book: Book, pool: AsyncConnectionPool
) -> None:
    account = await book.open()
    done = 0

    async def deposit() -> None:
        nonlocal done
        await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 1)])
        done += 1

    posts = [asyncio.create_task(deposit()) for _ in range(40)]
    await book.ledger.accounts.set_status(account, Status.LOCKED)
    at_lock = await book.settled(account)
    seen = await outcomes(*posts)
    assert seen["done"] + seen["AccountLocked"] == 40
    assert await book.settled(account) == at_lock == done


async def test_adding_a_member_against_postings_misses_none(book: Book, pool: AsyncConnectionPool) -> None:
    account = await book.open(limited=False, sets=())
    top = NewSet(id=uuid7(), journal_id=book.journal, name="Late", normal_side=Direction.CREDIT)
    await book.ledger.sets.create(top)
    posts = [book.ledger.post([book.tx("RECORD_DEPOSIT", account, n)]) for n in range(1, 41)]
    moves = [book.ledger.sets.add_member(top.id, account)]
    assert (await outcomes(*posts[:20], *moves, *posts[20:]))["done"] == 41
    assert await book.settled(top.id) == await book.settled(account) == 820
    await clean(pool)


async def test_attaching_a_limit_against_withdrawals_ends_with_a_bound_account(book: Book) -> None:
    account = await book.open(limited=False)
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 10)])
    withdrawals = [book.ledger.post([book.tx("INITIATE_WITHDRAW", account, 1)]) for _ in range(30)]
    seen = await outcomes(
        *withdrawals[:15], book.ledger.limits.attach(UUID(int=1), [account]), *withdrawals[15:]
    )
    assert seen["done"] - 1 == 10 - await book.settled(account)
    with pytest.raises(errors.VelocityLimitExceeded):
        await book.ledger.post([book.tx("INITIATE_WITHDRAW", account, 11)])


async def test_opening_the_same_code_from_two_sides_lets_one_through(book: Book) -> None:
    import msgspec

    for _ in range(5):
        one = book.new_account()
        rivals = [msgspec.structs.replace(book.new_account(), code=one.code) for _ in range(4)]
        seen = await outcomes(*(book.ledger.accounts.create(each) for each in [one, *rivals]))
        assert seen == {"done": 1, "AccountCodeExists": 4}
