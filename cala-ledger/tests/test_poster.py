"""The poster: many callers in shared commits, each with its own answer."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest
from ledger_book import TEMPLATES, TODAY, Book
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool
from uuid_utils.compat import uuid7

from cala_ledger import (
    Page,
    Poster,
    Status,
    StatusChange,
    Templates,
    VelocityLimitExceeded,
    errors,
    poster,
    verify,
)


@pytest.fixture
async def posting(dsn: str) -> AsyncIterator[Poster]:
    async with Poster(make_conninfo(dsn, application_name="poster"), Templates(TEMPLATES)) as opened:
        yield opened


async def clean(pool: AsyncConnectionPool) -> bool:
    async with pool.connection() as conn:
        return await verify(conn) == []


async def test_callers_share_commits(book: Book, posting: Poster, pool: AsyncConnectionPool) -> None:
    accounts = [await book.open() for _ in range(4)]

    async def caller(number: int) -> None:
        for _ in range(5):
            await posting.post([book.tx("RECORD_DEPOSIT", accounts[number % 4], 1)])

    await asyncio.gather(*(caller(number) for number in range(40)))
    assert [await book.settled(account) for account in accounts] == [50] * 4
    assert posting.calls == 200
    assert posting.batches < 50
    assert await clean(pool)


async def test_a_refusal_is_the_callers_own(book: Book, posting: Poster, pool: AsyncConnectionPool) -> None:
    account = await book.open()
    await posting.post([book.tx("RECORD_DEPOSIT", account, 10)])
    answers = await asyncio.gather(
        *(posting.post([book.tx("REVERT_DEPOSIT", account, 1)]) for _ in range(25)),
        posting.post([book.tx("RECORD_DEPOSIT", uuid7(), 1)]),
        return_exceptions=True,
    )
    assert answers.count(None) == 10
    assert sum(isinstance(one, VelocityLimitExceeded) for one in answers) == 15
    assert isinstance(answers[-1], errors.AccountNotFound)
    assert await book.settled(account) == 0
    assert await clean(pool)


async def test_one_id_from_many_callers_is_posted_once(book: Book, posting: Poster) -> None:
    account = await book.open()
    same = book.tx("RECORD_DEPOSIT", account, 3)
    other = book.tx("RECORD_DEPOSIT", account, 4, tx_id=same.id)
    answers = await asyncio.gather(*(posting.post([same]) for _ in range(5)), return_exceptions=True)
    assert answers == [None] * 5
    with pytest.raises(errors.TransactionIdReused):
        await posting.post([other])
    assert await book.settled(account) == 3


async def test_a_cancelled_caller_does_not_stop_its_posting(book: Book, posting: Poster) -> None:
    account = await book.open()
    going = asyncio.create_task(posting.post([book.tx("RECORD_DEPOSIT", account, 3)]))
    await asyncio.sleep(0)
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    await posting.post([book.tx("RECORD_DEPOSIT", account, 4)])
    assert await book.settled(account) == 7


async def test_backend_killed_under_load(
    book: Book, posting: Poster, pool: AsyncConnectionPool, server: str
) -> None:
    account = await book.open()
    done = 0

    async def caller() -> None:
        nonlocal done
        for _ in range(30):
            await posting.post([book.tx("RECORD_DEPOSIT", account, 1)])
            done += 1

    async def killer() -> int:
        killed = 0
        async with await psycopg.AsyncConnection.connect(server, autocommit=True) as admin:
            while done < 250:
                rows = await admin.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'poster'"
                )
                killed += rows.rowcount
                await asyncio.wait_for(posting.post([book.tx("RECORD_DEPOSIT", account, 1)]), 30)
        return killed

    *_, killed = await asyncio.gather(*(caller() for _ in range(10)), killer())
    assert killed >= 3
    entries = (await book.ledger.entries.by_account(account, Page(first=1000))).entries
    assert await book.settled(account) == len(entries) >= 300
    assert await clean(pool)


async def test_a_fault_is_found_by_halving(book: Book, posting: Poster) -> None:
    account = await book.open()
    good = [book.tx("RECORD_DEPOSIT", account, 1) for _ in range(6)]
    bad = Templates(TEMPLATES).prepare(book.tx("RECORD_DEPOSIT", account, 5))
    poisoned = type(bad)(**{f: getattr(bad, f) for f in bad.__struct_fields__} | {"description": "a\x00b"})
    answers = await asyncio.gather(
        *(posting.post([one]) for one in good), posting.post_prepared([poisoned]), return_exceptions=True
    )
    assert answers[:-1] == [None] * 6
    assert isinstance(answers[-1], psycopg.Error)
    assert await book.settled(account) == 6


async def test_statuses_change_with_their_postings(book: Book, posting: Poster) -> None:
    account = await book.open()
    lock = [StatusChange(account, Status.LOCKED)]
    await posting.post([book.tx("RECORD_DEPOSIT", account, 5)], status_changes=lock)
    with pytest.raises(errors.AccountLocked):
        await posting.post([book.tx("RECORD_DEPOSIT", account, 5)])
    assert await book.settled(account, TODAY) == 5


async def test_a_full_queue_refuses(book: Book, posting: Poster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poster, "MAX_QUEUE", 2)
    account = await book.open()
    answers = await asyncio.gather(
        *(posting.post([book.tx("RECORD_DEPOSIT", account, 1)]) for _ in range(5)), return_exceptions=True
    )
    assert answers.count(None) == 2
    assert sum(isinstance(one, errors.LedgerBusy) for one in answers) == 3
    assert await book.settled(account) == 2
