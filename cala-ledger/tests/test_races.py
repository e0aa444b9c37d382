"""Races, each test named after the one it guards, by a ledger and by posters. Nobody may ever see a deadlock."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from uuid import UUID

import msgspec
import psycopg
import pytest
from conftest import Deadlocks
from ledger_book import OVERDRAFT, TODAY, Book
from psycopg_pool import AsyncConnectionPool
from uuid_utils.compat import uuid7

from cala_ledger import (
    Direction,
    Limit,
    NewSet,
    Page,
    Poster,
    PreparedTransaction,
    Status,
    StatusChange,
    TransactionInput,
    WindowKey,
    errors,
    export,
    post_statement,
    reversal_of,
    verify,
)
from cala_ledger.chain import check

pytestmark = pytest.mark.usefixtures("deadlocks")

NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)
CONNECTIONS = 24
CLOSED = "transaction.effective <= account.metadata.closed_as_of"


class Posting:
    """Calls go out by turns from two sides that know nothing of each other."""

    def __init__(self, book: Book, posters: list[Poster]) -> None:
        self._book = book
        self._turn = itertools.cycle(posters) if posters else None

    async def post(self, *transactions: TransactionInput, lock: UUID | None = None) -> None:
        changes = [StatusChange(lock, Status.LOCKED)] if lock else []
        if self._turn is None:
            await self._book.ledger.post(transactions, status_changes=changes)
        else:
            await next(self._turn).post(transactions, status_changes=changes)

    async def reverse(self, transaction_id: UUID, on: date) -> None:
        if self._turn is None:
            await self._book.ledger.reverse(transaction_id, uuid7(), effective=on)
        else:
            original = await self._book.ledger.transactions.find(transaction_id)
            await next(self._turn).post_prepared([reversal_of(original, uuid7(), effective=on)])


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[AsyncConnectionPool]:
    """Wider than the usual one, so that many meet."""
    async with AsyncConnectionPool(dsn, min_size=8, max_size=CONNECTIONS, open=False) as opened:
        yield opened


@pytest.fixture(params=["ledger", "poster"])
async def posting(request: pytest.FixtureRequest, book: Book, dsn: str) -> AsyncIterator[Posting]:
    async with AsyncExitStack() as stack:
        posters = [Poster(dsn, book.ledger.templates.registry) for _ in range(2)]
        for each in posters:
            await stack.enter_async_context(each)
        yield Posting(book, posters if request.param == "poster" else [])


async def outcomes(*tasks: Awaitable[object]) -> Counter[str]:
    results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, errors.LedgerError):
            raise result
    return Counter("done" if result is None else type(result).__name__ for result in results)


async def clean(pool: AsyncConnectionPool) -> None:
    async with pool.connection() as conn:
        assert await verify(conn) == []


async def test_a_deadlock_would_be_counted(
    book: Book, pool: AsyncConnectionPool, deadlocks: Deadlocks
) -> None:
    """The guard of all tests here is able to fail."""
    deadlocks.expected = 1
    one, other = await book.open(), await book.open()
    lock = "select id from cala.accounts where id = %s for no key update"
    async with pool.connection() as a, pool.connection() as b:
        await a.execute(lock, [one])
        await b.execute(lock, [other])
        crossed = await asyncio.gather(
            a.execute(lock, [other]), b.execute(lock, [one]), return_exceptions=True
        )
        assert sum(isinstance(each, psycopg.errors.DeadlockDetected) for each in crossed) == 1
        await a.rollback()
        await b.rollback()


async def test_two_order_deadlock(book: Book, pool: AsyncConnectionPool, posting: Posting) -> None:
    """Two accounts posted in both orders at once."""
    a, b = await book.open(limited=False), await book.open(limited=False)

    async def many(first: UUID, second: UUID) -> None:
        for _ in range(20):
            await posting.post(
                book.tx("RECORD_DEPOSIT", first, 1), book.tx("RECORD_DEPOSIT", second, 1, omnibus=first)
            )

    assert await outcomes(*(many(*pair) for pair in [(a, b), (b, a)] * 3)) == {"done": 6}
    assert await book.settled(a) + await book.settled(b) == 120
    await clean(pool)


async def test_hot_account(book: Book, pool: AsyncConnectionPool, posting: Posting) -> None:
    """Everybody posts to one account: none is lost, and the running balances rise one by one."""
    account = await book.open()
    seen = await outcomes(*(posting.post(book.tx("RECORD_DEPOSIT", account, n)) for n in range(1, 101)))
    assert seen == {"done": 100}
    assert await book.settled(account) == 5_050
    page = (await book.ledger.entries.by_account(account, Page(first=1_000, newest_first=False))).entries
    assert [entry.credit_after for entry in page] == sorted(entry.credit_after for entry in page)
    await clean(pool)


async def test_attach_against_post(book: Book, pool: AsyncConnectionPool, posting: Posting) -> None:
    """A withdrawal is in before the limit is attached, or bound by it."""
    account = await book.open(limited=False)
    await posting.post(book.tx("RECORD_DEPOSIT", account, 30))
    begun = asyncio.Event()

    async def attach() -> int:
        await begun.wait()
        await book.ledger.limits.attach(OVERDRAFT, [account])
        return await book.settled(account)

    async def withdraw() -> int:
        for done in range(1_000):
            try:
                await posting.post(book.tx("INITIATE_WITHDRAW", account, 1))
            except errors.VelocityLimitExceeded:
                return done
            begun.set()
        pytest.fail("never bound")

    at_attaching, *done = await asyncio.gather(attach(), *(withdraw() for _ in range(12)))
    left = await book.settled(account)
    assert left == min(0, at_attaching) == 30 - sum(done)
    await clean(pool)


async def test_detach_against_post(book: Book, pool: AsyncConnectionPool, posting: Posting) -> None:
    """What was counted is forgotten whole: no posting under way leaves some of it behind."""
    accounts = [await book.open(limited=False) for _ in range(3)]
    limit = Limit(
        id=uuid7(), name="day", amount=5, window=(WindowKey("d", "transaction.effective"),), per_account=True
    )
    await book.ledger.limits.ensure(limit)
    for _ in range(4):
        await book.ledger.limits.attach(limit.id, [book.deposits])
        seen, _ = await asyncio.gather(
            outcomes(*(posting.post(book.tx("REVERT_DEPOSIT", accounts[n % 3], 1)) for n in range(60))),
            book.ledger.limits.detach(limit.id, [book.deposits]),
        )
        assert seen["done"] + seen["VelocityLimitExceeded"] == 60
        assert seen["done"] >= 15
        assert await book.ledger.limits.usage(limit.id, accounts, 100) == ()
    await book.ledger.limits.attach(limit.id, [book.deposits])
    again = await outcomes(*(posting.post(book.tx("REVERT_DEPOSIT", accounts[n % 3], 1)) for n in range(30)))
    assert again == {"done": 15, "VelocityLimitExceeded": 15}
    await clean(pool)


async def test_limit_against_limit_of_one_account(
    book: Book, pool: AsyncConnectionPool, posting: Posting
) -> None:
    """Fifty withdrawals at once: exactly those that fit succeed."""
    account = await book.open()
    await posting.post(book.tx("RECORD_DEPOSIT", account, 1_000))
    seen = await outcomes(*(posting.post(book.tx("INITIATE_WITHDRAW", account, 70)) for _ in range(50)))
    assert seen == {"done": 14, "VelocityLimitExceeded": 36}
    assert await book.settled(account) == 20
    await clean(pool)


@pytest.mark.parametrize("window", [(), (WindowKey("day", "transaction.effective"),)], ids=["plain", "ruled"])
async def test_limit_against_limit(
    book: Book, pool: AsyncConnectionPool, posting: Posting, window: tuple[WindowKey, ...]
) -> None:
    """Many at once on two accounts, each with a limit, below one set with a limit: those that fit succeed."""
    a, b = await book.open(), await book.open()
    await posting.post(*(book.tx("RECORD_DEPOSIT", each, cents) for each, cents in ((a, 4), (b, 100))))
    limit = Limit(id=uuid7(), name="of the set", amount=7 if window else 0, window=window)
    await book.ledger.limits.ensure(limit)
    await book.ledger.limits.attach(limit.id, [book.deposits])
    if not window:  # a plain limit watches the balance: only seven are left below the set
        other = await book.open(limited=False)
        await posting.post(book.tx("REVERT_DEPOSIT", other, 97))
    seen = await outcomes(
        *(posting.post(book.tx("REVERT_DEPOSIT", (a, b)[n % 2], 1)) for n in range(40)),
    )
    assert seen == {"done": 7, "VelocityLimitExceeded": 33}
    left = [await book.settled(each) for each in (a, b)]
    assert sum(left) == 97
    assert min(left) >= 0
    await clean(pool)


async def test_batch_against_batch(book: Book, pool: AsyncConnectionPool) -> None:
    """Statements of forty groups each over the same accounts in different orders lose nothing."""
    accounts = [await book.open() for _ in range(6)]
    prepare = book.ledger.templates.registry.prepare

    async def batch(turn: int) -> int:
        groups: list[tuple[int, list[PreparedTransaction]]] = []
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


async def test_batch_against_batch_of_callers(
    book: Book, pool: AsyncConnectionPool, posting: Posting
) -> None:
    """Calls of several transactions, whole or not at all, over the same accounts from many callers at once."""
    accounts = [await book.open() for _ in range(6)]
    done = 0

    async def call(turn: int) -> None:
        nonlocal done
        order = [accounts[(turn * step) % 6] for step in range(1, 6)]
        batch = [book.tx("RECORD_DEPOSIT", each, 2) for each in order]
        batch.append(book.tx("REVERT_DEPOSIT", order[turn % 5], 3))
        await posting.post(*batch)
        done += 1

    seen = await outcomes(*(call(turn) for turn in range(120)))
    assert seen["done"] == done > 0
    assert set(seen) <= {"done", "VelocityLimitExceeded"}
    assert await book.settled(book.deposits) == 7 * done
    await clean(pool)


async def test_same_transaction_id_from_two_sides(
    book: Book, pool: AsyncConnectionPool, posting: Posting
) -> None:
    """Equal content: posted once, a success for all. Other content: one wins, whatever the accounts are."""
    a, b, c, d = [await book.open(limited=False, sets=()) for _ in range(4)]
    for _ in range(10):
        same = book.tx("RECORD_DEPOSIT", a, 3)
        assert await outcomes(*(posting.post(same) for _ in range(6))) == {"done": 6}
    assert await book.settled(a) == 30
    for cents, other in ((4, (a, b)), (3, (c, d))):
        for _ in range(10):
            one = book.tx("RECORD_DEPOSIT", a, 3, omnibus=b)
            two = book.tx("RECORD_DEPOSIT", other[0], cents, tx_id=one.id, omnibus=other[1])
            seen = await outcomes(posting.post(one), posting.post(two))
            assert seen == {"done": 1, "TransactionIdReused": 1}
    await clean(pool)


async def test_reversal_against_reversal(book: Book, pool: AsyncConnectionPool, posting: Posting) -> None:
    account = await book.open()
    for _ in range(10):
        deposit = book.tx("RECORD_DEPOSIT", account, 5)
        await posting.post(deposit)
        seen = await outcomes(*(posting.reverse(deposit.id, date(2024, 6, 1)) for _ in range(4)))
        assert seen == {"done": 1, "TransactionAlreadyReversed": 3}
    assert await book.settled(account) == 0
    await clean(pool)


async def test_status_against_post(book: Book, pool: AsyncConnectionPool, posting: Posting) -> None:
    """Locking an account leaves no posting after it, by a call of its own or within a posting."""
    for within in (False, True):
        account = await book.open()
        posts = [
            asyncio.create_task(outcomes(posting.post(book.tx("RECORD_DEPOSIT", account, 1))))
            for _ in range(40)
        ]
        if within:
            await posting.post(book.tx("RECORD_DEPOSIT", account, 1), lock=account)
        else:
            await book.ledger.accounts.set_status(account, Status.LOCKED)
        at_lock = await book.settled(account)
        seen = sum(await asyncio.gather(*posts), start=Counter[str]())
        assert seen["done"] + seen["AccountLocked"] == 40
        assert await book.settled(account) == at_lock == seen["done"] + within
    await clean(pool)


async def test_journal_lock_against_post(book: Book, pool: AsyncConnectionPool, posting: Posting) -> None:
    account = await book.open()
    posts = [
        asyncio.create_task(outcomes(posting.post(book.tx("RECORD_DEPOSIT", account, 1)))) for _ in range(40)
    ]
    await book.ledger.journals.lock(book.journal)
    at_lock = await book.settled(account)
    seen = sum(await asyncio.gather(*posts), start=Counter[str]())
    assert seen["done"] + seen["JournalLocked"] == 40
    assert await book.settled(account) == at_lock == seen["done"]
    await clean(pool)


async def test_member_against_post(book: Book, pool: AsyncConnectionPool, posting: Posting) -> None:
    """An account that joins a set, and leaves it, beside postings to it takes each of them along."""
    account = await book.open(limited=False, sets=())
    top = NewSet(id=uuid7(), journal_id=book.journal, name="Late", normal_side=Direction.CREDIT)
    await book.ledger.sets.create(top)
    posts = [posting.post(book.tx("RECORD_DEPOSIT", account, n)) for n in range(1, 41)]
    joins = [book.ledger.sets.add_member(top.id, account)]
    assert (await outcomes(*posts[:20], *joins, *posts[20:]))["done"] == 41
    assert await book.settled(top.id) == await book.settled(account) == 820
    posts = [posting.post(book.tx("RECORD_DEPOSIT", account, n)) for n in range(1, 41)]
    leaves = [book.ledger.sets.remove_member(top.id, account)]
    assert (await outcomes(*posts[:20], *leaves, *posts[20:]))["done"] == 41
    assert (await book.settled(top.id), await book.settled(account)) == (0, 1_640)
    await clean(pool)


async def bound_by_metadata(book: Book, *on: UUID) -> None:
    """A limit of zero on what is not after the date in the metadata of what it is attached to."""
    for direction in Direction:
        limit = Limit(id=uuid7(), name=f"closed {direction}", direction=direction, condition=CLOSED,
                      per_account=True)  # fmt: skip
        await book.ledger.limits.ensure(limit)
        await book.ledger.limits.attach(limit.id, on)


@pytest.mark.parametrize("on", ["set", "account"])
async def test_metadata_change_against_post(
    book: Book, pool: AsyncConnectionPool, posting: Posting, on: str
) -> None:
    """A posting is in before its day is closed, or refused: the count of a closed day never moves again.

    The limit reads a date in the metadata of an account, or of a set two levels above it, that moves on
    from day to day while postings to all days go on, two accounts at once in both orders.
    """
    days = [TODAY + timedelta(days=n) for n in range(6)]
    a, b = await book.open(limited=False), await book.open(limited=False)
    holders = [book.root] if on == "set" else [a, b]
    closed: list[int] = []

    async def close(until: date) -> None:
        for holder in holders:
            await book.ledger.accounts.update(holder, metadata={"closed_as_of": until.isoformat()})

    async def settled(day: date) -> tuple[int, ...]:
        found = await book.ledger.balances.range([a, b], day, day)
        return tuple(
            sums.activity.settled.debit + sums.activity.settled.credit
            for each in (a, b)
            for sums in found[each].values()
        )

    await close(TODAY - timedelta(days=1))
    await bound_by_metadata(book, *holders)
    at_closing: dict[date, tuple[int, ...]] = {}

    async def closer() -> None:
        for day in days[:-1]:
            while not await settled(day):
                await posting.post(book.tx("RECORD_DEPOSIT", a, 1, on=day, omnibus=b))
            await close(day)
            at_closing[day] = await settled(day)
            closed.append(1)

    async def caller(number: int) -> Counter[str]:
        seen: Counter[str] = Counter()
        one, other = (a, b) if number % 2 else (b, a)
        for turn in itertools.count(number):
            last = len(closed) == len(days) - 1
            day = days[turn % len(days)]
            seen += await outcomes(posting.post(book.tx("RECORD_DEPOSIT", one, 1, on=day, omnibus=other)))
            if last and seen["done"] and seen["VelocityLimitExceeded"]:
                break
        return seen

    _, *seen = await asyncio.gather(closer(), *(caller(number) for number in range(8)))
    assert set(sum(seen, start=Counter[str]())) == {"done", "VelocityLimitExceeded"}
    assert {day: await settled(day) for day in days[:-1]} == at_closing
    await clean(pool)


async def test_seal_against_post(book: Book, pool: AsyncConnectionPool, posting: Posting) -> None:
    """Blocks sealed beside postings hold every transaction once, as it was posted."""
    accounts = [await book.open(limited=False, sets=() if n % 2 else None) for n in range(6)]
    going = 6

    async def caller(number: int) -> None:
        nonlocal going
        try:
            for n in range(25):
                other = {"omnibus": accounts[(number + n) % 6]} if n % 6 in (3, 5) else {}
                tx = book.tx("RECORD_DEPOSIT", accounts[number], n + 1, **other)
                await posting.post(msgspec.structs.replace(tx, metadata={"n": n}))
        finally:
            going -= 1

    async def sealer() -> int:
        total, last = 0, False
        while not last:
            last = going == 0
            while count := await book.ledger.seal(NOON, most=7):
                total += count
        return total

    sealing = asyncio.create_task(sealer())
    assert await outcomes(*(caller(number) for number in range(6))) == {"done": 6}
    assert await sealing == 150
    await clean(pool)  # which reads every block anew
    file = BytesIO()
    async with pool.connection() as conn:
        blocks = await export(conn, file)
    assert check(iter(file.getvalue().splitlines(keepends=True))) == (blocks, 150)


async def test_opening_against_opening(book: Book) -> None:
    """The same code from two sides lets one through."""
    for _ in range(5):
        one = book.new_account()
        rivals = [msgspec.structs.replace(book.new_account(), code=one.code) for _ in range(4)]
        seen = await outcomes(*(book.ledger.accounts.create(each) for each in [one, *rivals]))
        assert seen == {"done": 1, "AccountCodeExists": 4}
