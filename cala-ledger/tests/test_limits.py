"""Ruled limits: conditions, windows, dates, every account below a set; changed, attached, detached, read."""

import asyncio
from datetime import date
from uuid import UUID

import msgspec
import pytest
from ledger_book import TODAY, Book
from psycopg_pool import AsyncConnectionPool
from uuid_utils.compat import uuid7

from cala_ledger import (
    Direction,
    Layer,
    Limit,
    LimitUsage,
    TransactionInput,
    VelocityLimitExceeded,
    WindowKey,
    errors,
    verify,
)

MAY = date(2024, 5, 31)
JUNE = date(2024, 6, 1)
CLOSED = (
    "!(has(transaction.metadata.is_closing_tx) && transaction.metadata.is_closing_tx == true)"
    " && (!has(account.metadata.closing)"
    " || !has(account.metadata.closing.closed_as_of)"
    " || transaction.effective <= account.metadata.closing.closed_as_of)"
)


def marked(tx: TransactionInput) -> TransactionInput:
    return msgspec.structs.replace(tx, metadata={"is_closing_tx": True})


async def lock_periods(book: Book) -> None:
    """What a bank's chart needs: four limits of zero that bind every account below its root."""
    for layer in (Layer.SETTLED, Layer.PENDING):
        for direction in Direction:
            limit = Limit(
                id=uuid7(),
                name=f"closed periods {layer} {direction}",
                layer=layer,
                direction=direction,
                condition=CLOSED,
                per_account=True,
            )
            await book.ledger.limits.ensure(limit)
            await book.ledger.limits.attach(limit.id, [book.root])


async def close(book: Book, until: date) -> None:
    closing = {"closing": {"closed_as_of": until.isoformat()}}
    await book.ledger.accounts.update(book.root, metadata=closing)


async def limited(book: Book, limit: Limit, *on: UUID) -> Limit:
    await book.ledger.limits.ensure(limit)
    await book.ledger.limits.attach(limit.id, on)
    return limit


async def test_a_closed_period_takes_no_postings(book: Book, pool: AsyncConnectionPool) -> None:
    account = await book.open()
    await lock_periods(book)
    with pytest.raises(VelocityLimitExceeded, match="Velocity limit exceeded"):
        await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 5, on=JUNE)])
    await close(book, MAY)
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 5, on=JUNE)])
    with pytest.raises(VelocityLimitExceeded) as refused:
        await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 5, on=MAY)])
    assert "closed periods settled" in str(refused.value)
    await book.ledger.post([marked(book.tx("RECORD_DEPOSIT", account, 7, on=MAY))])
    await close(book, JUNE)
    with pytest.raises(VelocityLimitExceeded):
        await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 5, on=JUNE)])
    assert await book.settled(account) == 12
    async with pool.connection() as conn:
        assert await verify(conn) == []


async def test_closing_against_posting(book: Book) -> None:
    """Postings beside the closing are in before it or refused; none slips in after it."""
    account = await book.open()
    await close(book, date(2024, 4, 30))
    await lock_periods(book)

    async def post() -> bool:
        try:
            await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 1, on=MAY)])
        except VelocityLimitExceeded:
            return False
        return True

    posted = [asyncio.create_task(post()) for _ in range(20)]
    await close(book, MAY)
    at_closing = await book.settled(account)
    assert not await post()
    assert sum(await asyncio.gather(*posted)) == await book.settled(account)
    assert await book.settled(account) == at_closing


async def test_a_daily_and_a_monthly_window(book: Book) -> None:
    account = await book.open()
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 1_000)])
    day = await limited(
        book,
        Limit(id=uuid7(), name="a day", amount=100, window=(WindowKey("day", "transaction.effective"),)),
        account,
    )
    await limited(
        book,
        Limit(id=uuid7(), name="a month", amount=150, window=(WindowKey("month", "transaction.month"),)),
        account,
    )

    async def withdraw(cents: int, on: date) -> None:
        await book.ledger.post([book.tx("REVERT_DEPOSIT", account, cents, on=on)])

    await withdraw(100, date(2024, 5, 1))
    with pytest.raises(VelocityLimitExceeded, match="a day"):
        await withdraw(1, date(2024, 5, 1))
    await withdraw(50, date(2024, 5, 2))
    with pytest.raises(VelocityLimitExceeded, match="a month") as refused:
        await withdraw(1, date(2024, 5, 3))
    assert (refused.value.detail["asked"], refused.value.detail["left"]) == (1, 0)
    await withdraw(100, JUNE)
    used = await book.ledger.limits.usage(day.id, [account], 10)
    assert [(u.window, u.used, u.left) for u in used] == [
        (("2024-06-01",), 100, 0),
        (("2024-05-02",), 50, 50),
        (("2024-05-01",), 100, 0),
    ]
    (one,) = await book.ledger.limits.usage(day.id, [account], 10, window=["2024-05-02"])
    assert one == LimitUsage(
        account_id=account, limit_id=day.id, currency="USD", window=("2024-05-02",), used=50, left=50
    )


async def test_only_entries_of_a_kind_are_counted(book: Book) -> None:
    account = await book.open()
    await limited(
        book,
        Limit(
            id=uuid7(),
            name="deposits",
            direction=Direction.CREDIT,
            amount=10,
            condition="entry.entry_type == 'RECORD_DEPOSIT_CR' && entry.amount > 1",
        ),
        account,
    )
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 10)])
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 1)])
    await book.ledger.post([book.tx("REVERT_DEPOSIT", account, 11)])
    with pytest.raises(VelocityLimitExceeded, match="deposits"):
        await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 2)])


async def test_what_cannot_be_worked_out_is_refused(book: Book) -> None:
    account = await book.open()
    await limited(
        book, Limit(id=uuid7(), name="who", amount=10, condition="transaction.metadata.who == 'x'"), account
    )
    tx = book.tx("RECORD_DEPOSIT", account, 1)
    with pytest.raises(errors.LimitUndecided, match="'who'"):
        await book.ledger.post([tx])
    await book.ledger.post([msgspec.structs.replace(tx, metadata={"who": "y"})])


async def test_dates_bound_a_limit(book: Book) -> None:
    account = await book.open()
    limit = Limit(
        id=uuid7(), name="may", direction=Direction.CREDIT, amount=5, starts=date(2024, 5, 1), ends=JUNE
    )
    await limited(book, limit, account)
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 50, on=date(2024, 4, 30))])
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 50, on=JUNE)])
    with pytest.raises(VelocityLimitExceeded):
        await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 6, on=MAY)])
    changed = await book.ledger.limits.change(limit.id, amount=6)
    assert (changed.amount, changed.starts) == (6, limit.starts)
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 6, on=MAY)])


async def test_a_set_binds_its_sum_or_every_account_below(book: Book) -> None:
    a, b = await book.open(), await book.open()
    await book.ledger.post([book.tx("RECORD_DEPOSIT", each, 100) for each in (a, b)])
    await limited(
        book, Limit(id=uuid7(), name="sum", amount=15, condition="entry.amount < 90"), book.deposits
    )
    await limited(book, Limit(id=uuid7(), name="each", amount=10, per_account=True), book.root)
    with pytest.raises(VelocityLimitExceeded, match="each"):
        await book.ledger.post([book.tx("REVERT_DEPOSIT", a, 11)])
    await book.ledger.post([book.tx("REVERT_DEPOSIT", a, 10)])
    with pytest.raises(VelocityLimitExceeded, match="sum"):
        await book.ledger.post([book.tx("REVERT_DEPOSIT", b, 6)])
    await book.ledger.post([book.tx("REVERT_DEPOSIT", b, 5)])


async def test_detaching_forgets_what_was_counted(book: Book) -> None:
    account = await book.open()
    limit = await limited(
        book,
        Limit(id=uuid7(), name="x", direction=Direction.CREDIT, amount=5, condition="true"),
        account,
    )
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 5)])
    assert await book.ledger.limits.attached([account]) == {account: (UUID(int=1), limit.id)}
    await book.ledger.limits.detach(limit.id, [account])
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 50)])
    await book.ledger.limits.attach(limit.id, [account])
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 5)])
    with pytest.raises(VelocityLimitExceeded):
        await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 1)])


async def test_detaching_forgets_nothing_that_is_bound_elsewhere(book: Book) -> None:
    """An account bound by itself, or through another set, is counted on when one attachment goes."""
    ledger, account = book.ledger, await book.open()
    await ledger.post([book.tx("RECORD_DEPOSIT", account, 100)])
    each = Limit(id=uuid7(), name="each", amount=10, per_account=True)
    own = Limit(id=uuid7(), name="own", amount=10, condition="true")
    for limit, holders in ((each, (book.deposits, book.root)), (own, (book.deposits, account))):
        await limited(book, limit, *holders)
    await ledger.post([book.tx("REVERT_DEPOSIT", account, 4)])
    for limit in (each, own):
        await ledger.limits.detach(limit.id, [book.deposits])
        (used,) = await ledger.limits.usage(limit.id, [account], 10)
        assert (used.used, used.left) == (4, 6)
    assert await ledger.limits.usage(own.id, [book.deposits], 10) == ()
    await ledger.limits.attach(own.id, [book.deposits])
    await ledger.limits.detach(own.id, [account])
    assert await ledger.limits.usage(own.id, [account], 10) == ()
    await ledger.limits.detach(each.id, [book.root])
    assert await ledger.limits.usage(each.id, [account], 10) == ()


async def test_a_window_of_any_value_is_found_again(book: Book) -> None:
    """A list, a map, a text of many signs: as they were counted."""
    account = await book.open()
    limit = Limit(
        id=uuid7(), name="w", direction=Direction.CREDIT, amount=10,
        window=(WindowKey("of", "transaction.metadata.of"), WindowKey("n", "[1, entry.amount]")),
    )  # fmt: skip
    await limited(book, limit, account)
    for value in ({"b": [1.5, None], "a": 'é\n"x'}, [1, {"x": True}], "\u20ac", None):
        tx = msgspec.structs.replace(book.tx("RECORD_DEPOSIT", account, 3), metadata={"of": value})
        await book.ledger.post([tx])
        (one,) = await book.ledger.limits.usage(limit.id, [account], 10, window=[value, [1, 3]])
        assert (one.window, one.used) == ((value, [1, 3]), 3)
    assert await book.ledger.limits.usage(limit.id, [account], 10, window=["other", [1, 3]]) == ()


async def test_a_window_too_long_to_count_is_refused(book: Book, pool: AsyncConnectionPool) -> None:
    account = await book.open()
    window = (WindowKey("of", "transaction.external_id"), WindowKey("what", "transaction.metadata.what"))
    await limited(book, Limit(id=uuid7(), name="long", amount=10, window=window), account)

    async def post(length: int) -> None:
        tx = book.tx("RECORD_DEPOSIT", account, 1)
        what = "".join(chr(97 + n * n % 26) for n in range(length))
        await book.ledger.post([msgspec.structs.replace(tx, external_id="x", metadata={"what": what})])

    await post(1_000)
    with pytest.raises(errors.LimitUndecided, match="'long'"):
        await post(3_000)
    assert await book.settled(account) == 1
    async with pool.connection() as conn:
        assert await verify(conn) == []


async def test_a_plain_limit_shows_what_is_left(book: Book) -> None:
    account = await book.open()
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 30)])
    (used,) = await book.ledger.limits.usage(UUID(int=1), [account], 10)
    assert (used.used, used.left) == (-30, 30)


@pytest.mark.parametrize(
    ("limit", "error"),
    [
        (Limit(id=uuid7(), name="x", condition="params.x == 1"), errors.InvalidLimit),
        (Limit(id=uuid7(), name="x", window=(WindowKey("w", "transaction."),)), errors.InvalidLimit),
        (Limit(id=uuid7(), name="x", condition="[1].exists(x, x == 1)"), errors.InvalidLimit),
        (Limit(id=uuid7(), name="x", window=(WindowKey("w", "1"),) * 9), errors.InvalidLimit),
        (Limit(id=uuid7(), name="x", amount=-1), errors.InvalidAmount),
        (Limit(id=uuid7(), name="x", currency="XXZ"), errors.UnknownCurrency),
        (Limit(id=uuid7(), name="a\x00"), errors.InvalidText),
        (Limit(id=UUID(int=1), name="other"), errors.LimitChanged),
    ],
)
async def test_a_wrong_limit_is_refused(book: Book, limit: Limit, error: type[errors.LedgerError]) -> None:
    before = await book.ledger.limits.list(100)
    with pytest.raises(error):
        await book.ledger.limits.ensure(limit)
    assert await book.ledger.limits.list(100) == before


async def test_a_plain_limit_stays_plain(book: Book) -> None:
    with pytest.raises(errors.InvalidLimit):
        await book.ledger.limits.change(UUID(int=1), starts=TODAY)
    with pytest.raises(errors.LimitNotFound):
        await book.ledger.limits.change(uuid7(), amount=1)
