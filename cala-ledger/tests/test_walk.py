"""The walk of a deposit account through all its movements, balance by balance."""

import pytest
from ledger_book import Book

from cala_ledger import Direction, Page, Status, StatusChange, VelocityLimitExceeded, errors


async def figures(book: Book, account: object) -> tuple[int, int]:
    found = (await book.ledger.balances.now([account]))[account]
    if "USD" not in found:
        return 0, 0
    return found["USD"].settled.net(Direction.CREDIT), found["USD"].pending.net(Direction.CREDIT)


async def test_deposit_account_walk_shows_the_expected_balance_after_each_step(book: Book) -> None:
    ledger, frozen = book.ledger, await book.open(limited=False)
    d = await book.open()

    async def omnibus() -> tuple[int, int]:
        settled, pending = await figures(book, book.omnibus)
        return -settled, -pending

    assert await figures(book, d) == (0, 0)
    first = book.tx("RECORD_DEPOSIT", d, 100_000)
    await ledger.post([first])
    assert (await figures(book, d), await omnibus()) == ((100_000, 0), (100_000, 0))
    await ledger.post([book.tx("INITIATE_WITHDRAW", d, 30_000)])
    assert (await figures(book, d), await omnibus()) == ((70_000, 30_000), (70_000, 30_000))
    await ledger.post([book.tx("CONFIRM_WITHDRAW", d, 30_000)])
    assert (await figures(book, d), await omnibus()) == ((70_000, 0), (70_000, 0))
    await ledger.post([book.tx("REVERT_WITHDRAW", d, 30_000)])
    assert (await figures(book, d), await omnibus()) == ((100_000, 0), (100_000, 0))
    await ledger.post([book.tx("INITIATE_WITHDRAW", d, 20_000)])
    await ledger.post([book.tx("CANCEL_WITHDRAW", d, 20_000)])
    assert (await figures(book, d), await omnibus()) == ((100_000, 0), (100_000, 0))
    with pytest.raises(VelocityLimitExceeded, match="Velocity limit exceeded") as refused:
        await ledger.post([book.tx("INITIATE_WITHDRAW", d, 100_001)])
    assert refused.value.detail["left"] == 100_000
    assert refused.value.detail["asked"] == 100_001
    assert refused.value.detail["account_id"] == str(d)
    assert refused.value.detail["limit"] == "Overdraft Prevention"
    assert await figures(book, d) == (100_000, 0)

    await ledger.post(
        [book.tx("FREEZE_ACCOUNT", d, 100_000, frozen=frozen)],
        status_changes=[StatusChange(d, Status.LOCKED)],
    )
    assert (await figures(book, d), await figures(book, frozen)) == ((0, 0), (100_000, 0))
    with pytest.raises(errors.AccountLocked):
        await ledger.post([book.tx("RECORD_DEPOSIT", d, 1)])
    await ledger.post(
        [book.tx("UNFREEZE_ACCOUNT", d, 100_000, frozen=frozen)],
        status_changes=[StatusChange(d, Status.ACTIVE)],
    )
    assert (await figures(book, d), await figures(book, frozen)) == ((100_000, 0), (0, 0))
    await ledger.post([book.tx("REVERT_DEPOSIT", d, 100_000)])
    assert (await figures(book, d), await omnibus()) == ((0, 0), (0, 0))
    await ledger.accounts.set_status(d, Status.LOCKED)

    types = [entry.entry_type for entry in (await ledger.entries.by_account(d, Page(first=100))).entries]
    assert types[0] == "REVERT_DEPOSIT_DR"
    assert types[-1] == "RECORD_DEPOSIT_CR"
    posted = await ledger.transactions.find(first.id)
    assert [(e.sequence, e.entry_type) for e in posted.entries] == [
        (1, "RECORD_DEPOSIT_DR"),
        (2, "RECORD_DEPOSIT_CR"),
    ]
