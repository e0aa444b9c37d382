"""Reading on both time axes, with filters, and in both directions."""

import random
import time
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from ledger_book import TODAY, Book
from psycopg_pool import AsyncConnectionPool
from uuid_utils.compat import uuid7

from cala_ledger import (
    Balance,
    Direction,
    EntryFilter,
    Layer,
    NewSet,
    Page,
    Sums,
    TransactionFilter,
    errors,
)

NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)
DAY = timedelta(days=1)


async def test_both_time_axes(book: Book) -> None:
    """Random postings of random dates, recorded at random instants, against a sum over the list of them."""
    draw = random.Random(7)
    accounts = [await book.open(limited=False) for _ in range(2)]
    posted: list[tuple[int, int, date, datetime]] = []
    for _ in range(30):
        which, cents = draw.randrange(2), draw.randint(1, 9)
        effective, recorded = TODAY + draw.randrange(-5, 5) * DAY, NOON + draw.randrange(10) * DAY
        tx = book.tx("RECORD_DEPOSIT", accounts[which], cents, on=effective)
        await book.ledger.post([tx], recorded_at=recorded)
        posted.append((which, cents, effective, recorded))
    for _ in range(20):
        effective, recorded = TODAY + draw.randrange(-7, 7) * DAY, NOON + draw.randrange(-1, 11) * DAY
        found = await book.ledger.balances.recorded([*accounts, book.deposits], recorded, effective)
        expected = [
            sum(c for w, c, e, r in posted if w == which and e <= effective and r <= recorded)
            for which in range(2)
        ]
        nets = [found[each]["USD"].settled.credit for each in [*accounts, book.deposits]]
        assert nets == [*expected, sum(expected)]


async def test_when_each_account_was_last_moved_but_for_what_does_not_count(book: Book) -> None:
    account, other, never = [await book.open(limited=False) for _ in range(3)]
    for days, each, template in (
        (0, account, "RECORD_DEPOSIT"),
        (1, other, "RECORD_DEPOSIT"),
        (2, account, "REVERT_DEPOSIT"),
        (3, account, "REVERT_DEPOSIT"),
    ):
        await book.ledger.post([book.tx(template, each, 5)], recorded_at=NOON + days * DAY)
    ids, last = [account, other, never], book.ledger.entries.last_recorded
    assert await last(ids) == {account: NOON + 3 * DAY, other: NOON + DAY}
    assert await last(ids, excluding={"REVERT_DEPOSIT_DR"}) == {account: NOON, other: NOON + DAY}
    assert await last([]) == {}


async def test_every_date_of_a_long_history(book: Book) -> None:
    """As-of balances are added from either end; both must agree with the list on every day."""
    account = await book.open(limited=False)
    days = [TODAY + n * DAY for n in range(-20, 20, 3)]
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 10 + n, on=day) for n, day in enumerate(days)])
    for offset in range(-25, 25):
        day = TODAY + offset * DAY
        found = (await book.ledger.balances.as_of([account, book.deposits], day))[account]
        assert found["USD"].settled.credit == sum(10 + n for n, each in enumerate(days) if each <= day)
        until = day + 4 * DAY
        within = sum(10 + n for n, each in enumerate(days) if day <= each <= until)
        ranges = (await book.ledger.balances.range([account], day, until))[account]
        if until < days[0]:
            assert ranges == {}
        else:
            assert ranges["USD"].activity.settled == Sums(0, within)
            assert ranges["USD"].open == found["USD"].minus(
                Balance(
                    account_id=account,
                    currency="USD",
                    settled=Sums(0, sum(10 + n for n, each in enumerate(days) if each == day)),
                )
            )
    with pytest.raises(errors.InvalidRange):
        await book.ledger.balances.range([account], TODAY, TODAY - DAY)
    assert await book.ledger.balances.range([account], date.min, TODAY) != {account: {}}


async def test_a_never_touched_account_has_zeros(book: Book) -> None:
    account, unknown = await book.open(), uuid7()
    for found in (
        await book.ledger.balances.now([account, unknown]),
        await book.ledger.balances.as_of([account, unknown], TODAY),
        await book.ledger.balances.recorded([account, unknown], NOON),
    ):
        assert found[account]["USD"] == Balance(account_id=account, currency="USD")
        assert found[unknown]["BTC"].settled == Sums(0, 0)


def test_available_adds_what_is_firmer() -> None:
    balance = Balance(
        account_id=uuid7(), currency="USD", settled=Sums(1, 10), pending=Sums(2, 0), encumbrance=Sums(0, 3)
    )
    assert [balance.available(layer, Direction.CREDIT) for layer in Layer] == [9, 7, 10]
    assert balance.available(Layer.PENDING, Direction.DEBIT) == -7


async def test_entries_by_filter_in_both_directions(book: Book) -> None:
    account = await book.open(limited=False)
    for n in range(1, 8):
        tx = book.tx("RECORD_DEPOSIT" if n % 2 else "REVERT_DEPOSIT", account, n, on=TODAY + n * DAY)
        tx = msgspec.structs.replace(tx, external_id=f"e{n}")
        await book.ledger.post([tx], recorded_at=NOON + n * DAY)

    async def amounts(where: EntryFilter, page: Page | None = None) -> list[int]:
        found = await book.ledger.entries.by_account(account, page or Page(first=100), where)
        return [entry.amount for entry in found.entries]

    assert await amounts(EntryFilter(effective_from=TODAY + 3 * DAY, effective_until=TODAY + 5 * DAY)) == [
        5,
        4,
        3,
    ]
    assert await amounts(EntryFilter(recorded_from=NOON + 6 * DAY)) == [7, 6]
    assert await amounts(EntryFilter(recorded_until=NOON + 2 * DAY)) == [2, 1]
    assert await amounts(EntryFilter(amount_from=2, amount_until=4, direction=Direction.DEBIT)) == [4, 2]
    assert await amounts(EntryFilter(external_id="e6")) == [6]
    assert await amounts(EntryFilter(layer=Layer.PENDING)) == []
    assert await amounts(EntryFilter(currency="USD", entry_type="RECORD_DEPOSIT_CR")) == [7, 5, 3, 1]
    whole = (await book.ledger.entries.by_account(account, Page(first=100))).entries
    assert [(e.debit_after, e.credit_after) for e in whole[-3:]] == [(2, 4), (2, 1), (0, 1)]
    middle = whole[3].position
    assert await amounts(EntryFilter(), Page(first=2, after=middle)) == [3, 2]
    assert await amounts(EntryFilter(), Page(last=2, before=middle)) == [6, 5]
    assert await amounts(EntryFilter(), Page(last=2)) == [2, 1]
    assert await amounts(EntryFilter(), Page(first=2, newest_first=False)) == [1, 2]
    assert await amounts(EntryFilter(), Page(last=2, before=middle, newest_first=False)) == [2, 3]
    journal = await book.ledger.entries.by_journal(book.journal, Page(first=3), EntryFilter(external_id="e7"))
    assert ([e.amount for e in journal.entries], journal.has_more) == ([7, 7], False)
    for wrong in (Page(), Page(first=1, last=1), Page(first=1, before=3), Page(last=1, after=3)):
        with pytest.raises(errors.InvalidPage):
            await amounts(EntryFilter(), wrong)
    with pytest.raises(errors.PageTooLarge):
        await amounts(EntryFilter(), Page(first=-1))


async def test_transactions_by_filter_and_their_reversals(book: Book) -> None:
    account = await book.open()
    given = [book.tx("RECORD_DEPOSIT", account, n, on=TODAY + n * DAY) for n in range(1, 6)]
    await book.ledger.post(given)
    undone = uuid7()
    await book.ledger.reverse(given[0].id, undone, effective=TODAY)

    async def found(page: Page, **where: object) -> list[int]:
        answer = await book.ledger.transactions.list(page, msgspec.convert(where, TransactionFilter))
        return [each.entries[0].amount for each in answer.transactions]

    assert await found(Page(first=2), journal_id=book.journal) == [1, 5]
    assert await found(Page(last=2), journal_id=book.journal) == [2, 1]
    assert await found(Page(first=9), effective_from=TODAY + 2 * DAY, effective_until=TODAY + 3 * DAY) == [
        3,
        2,
    ]
    assert await found(Page(first=9), journal_id=uuid7()) == []
    both = await book.ledger.transactions.find_many([given[0].id, undone])
    assert both[given[0].id].reversed_by == undone
    assert both[undone].reverses == given[0].id


async def test_a_tree_of_balances_and_the_members_of_many_sets(book: Book) -> None:
    account = await book.open()
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 5)])
    empty = NewSet(
        id=uuid7(), journal_id=book.journal, name="Empty", normal_side=Direction.DEBIT, sets=(book.root,)
    )
    await book.ledger.sets.create(empty)
    tree = await book.ledger.sets.tree_balances(book.root)
    nets = {each: found["USD"].settled for each, found in tree.items()}
    assert nets[book.root] == Sums(5, 5)
    assert nets[book.deposits] == Sums(0, 5)
    assert nets[empty.id] == Sums()
    assert len(nets) == 4
    before = await book.ledger.sets.tree_balances(book.root, as_of=TODAY - DAY)
    assert {found["USD"].settled for found in before.values()} == {Sums()}
    members = await book.ledger.sets.members_of([book.root, book.deposits, empty.id], 2)
    assert [len(each) for each in members.values()] == [2, 1, 0]
    assert members[book.deposits][0].id == account


async def test_a_million_entries_as_recorded(
    book: Book, pool: AsyncConnectionPool, capsys: pytest.CaptureFixture[str]
) -> None:
    """One account's million entries are summed on both axes; the figure is printed."""
    account = await book.open(limited=False)
    tx = book.tx("RECORD_DEPOSIT", account, 1)
    await book.ledger.post([tx], recorded_at=NOON)
    async with pool.connection() as conn:
        await conn.execute("set session_replication_role = replica")
        await conn.execute(
            """insert into cala.entries select e.position + n * 65536, e.transaction_id, e.account_id, 1, 0, n, e.layer,
            e.direction, e.currency, e.entry_type, null, e.effective + (n %% 100)::int,
            e.recorded_at + n * interval '1 second' from cala.entries e, generate_series(1, 999999::int8) n
            where e.account_id = %s""",
            [account],
        )
        await conn.execute("set session_replication_role = default")
        await conn.commit()
        await conn.set_autocommit(True)
        await conn.execute("vacuum analyze cala.entries")
        await conn.set_autocommit(False)
    began = time.perf_counter()
    found = await book.ledger.balances.recorded(
        [account], NOON + 500_000 * timedelta(seconds=1), TODAY + 49 * DAY
    )
    took = time.perf_counter() - began
    with capsys.disabled():
        print(f"\n1,000,000 entries of one account as recorded: {took * 1000:.0f} ms")
    # of seconds 0 to 500 000, those whose day of a hundred is among the first fifty
    assert found[account]["USD"].settled.credit == 250_001
