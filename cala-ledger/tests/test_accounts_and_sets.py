"""Opening accounts, and sets whose members come and go with their history."""

from datetime import date
from uuid import UUID

import msgspec
import pytest
from ledger_book import OVERDRAFT, Book
from psycopg_pool import AsyncConnectionPool
from uuid_utils.compat import uuid7

from cala_ledger import (
    Direction,
    Limit,
    NewAccount,
    NewSet,
    Page,
    Template,
    TransactionFilter,
    TransactionSpec,
    errors,
    verify,
)

JANUARY, MARCH = date(2024, 1, 1), date(2024, 3, 1)


async def clean(pool: AsyncConnectionPool) -> None:
    async with pool.connection() as conn:
        assert await verify(conn) == []


async def new_set(book: Book, *parents: UUID) -> UUID:
    opened = NewSet(
        id=uuid7(), journal_id=book.journal, name="A set", normal_side=Direction.CREDIT, sets=parents
    )
    await book.ledger.sets.create(opened)
    return opened.id


async def test_duplicate_ids_codes_and_external_ids_are_refused_by_name(book: Book) -> None:
    first = msgspec.structs.replace(book.new_account(), external_id="holder:1")
    await book.ledger.accounts.create(first)
    with pytest.raises(errors.AccountIdExists):
        await book.ledger.accounts.create(msgspec.structs.replace(book.new_account(), id=first.id))
    with pytest.raises(errors.AccountCodeExists):
        await book.ledger.accounts.create(msgspec.structs.replace(book.new_account(), code=first.code))
    with pytest.raises(errors.AccountExternalIdExists, match="external_id 'holder:1' already exists"):
        await book.ledger.accounts.create(msgspec.structs.replace(book.new_account(), external_id="holder:1"))
    twin = book.new_account()
    with pytest.raises(errors.AccountIdExists):
        await book.ledger.accounts.create_many([twin, msgspec.structs.replace(twin, code="other")])
    assert await book.ledger.accounts.find_many([twin.id]) == {}


async def test_unknown_sets_limits_and_journals_are_refused(book: Book) -> None:
    account = await book.open()
    with pytest.raises(errors.SetNotFound):
        await book.open(sets=(uuid7(),))
    with pytest.raises(errors.NotASet):
        await book.open(sets=(account,))
    with pytest.raises(errors.LimitNotFound):
        await book.ledger.accounts.create(msgspec.structs.replace(book.new_account(), limits=(uuid7(),)))
    with pytest.raises(errors.JournalNotFound):
        await book.ledger.accounts.create(msgspec.structs.replace(book.new_account(), journal_id=uuid7()))
    with pytest.raises(errors.InvalidText):
        await book.ledger.accounts.create(msgspec.structs.replace(book.new_account(), name="a\x00b"))
    with pytest.raises(errors.InvalidText):
        await book.ledger.accounts.create(msgspec.structs.replace(book.new_account(), metadata={"x": "\x00"}))


async def test_accounts_are_found_by_id_code_external_id_and_listed(book: Book) -> None:
    given = msgspec.structs.replace(
        book.new_account(), code="zz-1", external_id="x-1", metadata={"entity_ref": {"entity_id": "7"}}
    )
    await book.ledger.accounts.create(given)
    accounts = book.ledger.accounts
    found = await accounts.find(given.id)
    assert (found.code, found.external_id, found.metadata) == (
        "zz-1",
        "x-1",
        {"entity_ref": {"entity_id": "7"}},
    )
    assert (await accounts.by_code(["zz-1", "none"])) == {"zz-1": found}
    assert (await accounts.by_external_id(["x-1"])) == {"x-1": found}
    listed, after = [], 0
    while page := await accounts.list(2, after=after):
        listed += page
        after = page[-1].position
        assert len(listed) < 20
    assert [each.name for each in listed] == ["Root", "Deposits", "Assets", "Omnibus", "Deposit Account"]
    assert [each.code for each in await accounts.list_by_code(10, sets=False)][-1] == "zz-1"
    renamed = await accounts.update(given.id, name="New name")
    assert (renamed.name, renamed.metadata) == ("New name", found.metadata)
    with pytest.raises(errors.AccountNotFound):
        await accounts.update(uuid7(), name="x")
    with pytest.raises(errors.PageTooLarge):
        await accounts.list(-1)
    with pytest.raises(errors.TooManyIds):
        await accounts.find_many([given.id] * 10_001)


async def test_late_member_corrects_its_sets_for_all_dates_and_leaving_takes_it_back(
    book: Book, pool: AsyncConnectionPool
) -> None:
    account = await book.open(limited=False, sets=())
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 10, on=JANUARY)])
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 5, on=MARCH)])
    top = await new_set(book)
    below = await new_set(book, top)
    await book.ledger.sets.add_member(below, account)
    for holder in (below, top):
        assert [await book.settled(holder, on) for on in (JANUARY, MARCH)] == [10, 15]
        assert await book.settled(holder) == 15
    await clean(pool)
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 1, on=JANUARY)])
    assert await book.settled(top, JANUARY) == 11
    await book.ledger.sets.remove_member(top, below)
    assert await book.settled(top, MARCH) == await book.settled(top) == 0
    assert await book.settled(below, MARCH) == 16
    await clean(pool)


async def test_a_diamond_counts_each_entry_once_and_survives_the_loss_of_one_side(
    book: Book, pool: AsyncConnectionPool
) -> None:
    top = await new_set(book)
    left, right = await new_set(book, top), await new_set(book, top)
    account = await book.open(limited=False, sets=(left, right))
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 10)])
    assert await book.settled(top) == 10
    await book.ledger.sets.remove_member(left, account)
    assert (await book.settled(top), await book.settled(left), await book.settled(right)) == (10, 0, 10)
    await clean(pool)
    await book.ledger.sets.add_member(left, account)
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 1)])
    assert [await book.settled(each) for each in (top, left, right)] == [11, 11, 11]
    await clean(pool)


async def test_cycles_and_wrong_members_are_refused(book: Book) -> None:
    sets = book.ledger.sets
    top = await new_set(book)
    below = await new_set(book, top)
    account = await book.open(sets=(below,))
    with pytest.raises(errors.SetCycle):
        await sets.add_member(below, top)
    with pytest.raises(errors.SetCycle):
        await sets.add_member(top, top)
    with pytest.raises(errors.AlreadyMember):
        await sets.add_member(below, account)
    with pytest.raises(errors.NotAMember):
        await sets.remove_member(top, account)
    with pytest.raises(errors.NotASet):
        await sets.add_member(account, below)
    with pytest.raises(errors.SetNotFound):
        await sets.add_member(uuid7(), account)
    with pytest.raises(errors.MemberNotFound):
        await sets.add_member(top, uuid7())
    other = uuid7()
    await book.ledger.journals.create(other, "OTHER", "Other")
    stranger = NewSet(id=uuid7(), journal_id=other, name="Other", normal_side=Direction.DEBIT)
    await sets.create(stranger)
    with pytest.raises(errors.AccountNotInJournal):
        await sets.add_member(top, stranger.id)


async def test_history_that_does_not_fit_in_64_bits_keeps_a_member_out(
    book: Book, pool: AsyncConnectionPool
) -> None:
    a, b, rest = [await book.open(limited=False, sets=()) for _ in range(3)]
    await book.ledger.post([book.tx("RECORD_DEPOSIT", a, 2**63 - 1, omnibus=b)])
    await book.ledger.post([book.tx("RECORD_DEPOSIT", rest, 1)])
    top = await new_set(book)
    await book.ledger.sets.add_member(top, a)
    with pytest.raises(errors.BalanceOverflow) as refused:
        await book.ledger.sets.add_member(top, rest)
    assert str(refused.value) == f"BalanceOverflow: the USD settled sums of {top} would pass 64 bits"
    above = await new_set(book)
    await book.ledger.sets.add_member(above, top)
    between = await new_set(book)
    await book.ledger.sets.add_member(above, between)
    with pytest.raises(errors.BalanceOverflow, match=str(above)):  # not the set it would join
        await book.ledger.sets.add_member(between, rest)
    assert await book.ledger.sets.parents([rest]) == {rest: []}
    await clean(pool)


async def test_members_ancestors_and_tree_answer_the_hierarchy(book: Book) -> None:
    account = await book.open()
    sets = book.ledger.sets
    assert (await sets.parents([account])) == {account: [book.deposits]}
    assert set((await sets.ancestors([account, book.omnibus]))[account]) == {book.deposits, book.root}
    assert [member.id for member in await sets.members(book.deposits, 10)] == [account]
    names = {each.id: each.name for each in await book.ledger.accounts.list(100)}
    tree = await sets.tree(book.root)
    assert {names[parent]: [names[each] for each in members] for parent, members in tree.items()} == {
        "Root": ["Deposits", "Assets"]
    }
    assert (await sets.tree(book.root, accounts=True))[book.deposits] == [account]


async def test_entries_of_a_set_are_those_below_it_newest_first_by_pages(book: Book) -> None:
    a, b = await book.open(), await book.open()
    for n in range(1, 6):
        await book.ledger.post([book.tx("RECORD_DEPOSIT", a if n % 2 else b, n)])
    entries = book.ledger.entries
    seen, after, has_more = [], None, True
    while has_more:
        page = await entries.by_account(book.deposits, Page(first=2, after=after))
        seen += page.entries
        after, has_more = page.entries[-1].position, page.has_more
        assert len(seen) < 20
    assert [entry.amount for entry in seen] == [5, 4, 3, 2, 1]
    assert len({entry.id for entry in seen}) == 5
    both = (await entries.by_journal(book.journal, Page(first=3))).entries
    assert [(entry.amount, entry.sequence) for entry in both] == [(5, 2), (5, 1), (4, 2)]
    rest = await entries.by_journal(book.journal, Page(first=9, after=both[-1].position))
    assert [e.amount for e in rest.entries] == [4, 3, 3, 2, 2, 1, 1]


async def test_transactions_are_listed_by_template_external_and_correlation_id(book: Book) -> None:
    account = await book.open()
    given = [
        msgspec.structs.replace(
            book.tx("RECORD_DEPOSIT", account, n), external_id=f"e{n}", correlation_id="c"
        )
        for n in (1, 2, 3)
    ]
    await book.ledger.post(given)
    found = book.ledger.transactions
    deposits = TransactionFilter(template="RECORD_DEPOSIT")
    oldest = Page(first=2, newest_first=False)
    first = await found.list(oldest, deposits)
    assert [each.id for each in first.transactions] == [given[0].id, given[1].id]
    assert first.has_more
    after = msgspec.structs.replace(oldest, after=first.transactions[-1].position)
    rest = await found.list(after, deposits)
    assert ([each.id for each in rest.transactions], rest.has_more) == ([given[2].id], False)
    (second,) = (await found.list(Page(first=9), TransactionFilter(external_id="e2"))).transactions
    assert second.id == given[1].id
    assert len((await found.list(Page(first=9), TransactionFilter(correlation_id="c"))).transactions) == 3
    assert first.transactions[0].description == "Record a deposit"
    with pytest.raises(errors.TemplateNotFound):
        await found.list(Page(first=1), TransactionFilter(template="NONE"))
    with pytest.raises(errors.TransactionNotFound):
        await found.find(uuid7())


async def test_journals_limits_and_templates_cannot_be_redefined(book: Book) -> None:
    ledger = book.ledger
    with pytest.raises(errors.JournalExists):
        await ledger.journals.create(book.journal, "AGAIN", "Again")
    with pytest.raises(errors.JournalNotFound):
        await ledger.journals.lock(uuid7())
    await ledger.limits.ensure(Limit(id=OVERDRAFT, name="Overdraft Prevention"))
    with pytest.raises(errors.LimitChanged):
        await ledger.limits.ensure(Limit(id=OVERDRAFT, name="Overdraft Prevention", amount=5))
    with pytest.raises(errors.LimitNotFound):
        await ledger.limits.attach(uuid7(), [book.omnibus])
    with pytest.raises(errors.AccountNotFound):
        await ledger.limits.attach(OVERDRAFT, [uuid7()])
    stored = await ledger.templates.list(100)
    await ledger.templates.ensure(*stored)
    changed = Template(
        code=stored[0].code, params=(), transaction=TransactionSpec(journal_id="'x'"), entries=()
    )
    with pytest.raises(errors.TemplateChanged):
        await ledger.templates.ensure(changed)


async def test_new_account_struct_requires_a_code() -> None:
    with pytest.raises(TypeError, match="code"):
        NewAccount(id=uuid7(), journal_id=uuid7(), name="x", normal_side=Direction.DEBIT)  # pyright: ignore
