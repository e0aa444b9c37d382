"""Bad input: each gets its typed error, and no row of any table is there that was not before."""

import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from uuid import UUID

import msgspec
import pytest
from ledger_book import TEMPLATES, TODAY, Book
from psycopg_pool import AsyncConnectionPool
from uuid_utils.compat import uuid7

from cala_ledger import (
    Direction,
    EntryFilter,
    Ledger,
    Limit,
    NewSet,
    Page,
    Param,
    ParamType,
    Template,
    TransactionFilter,
    WindowKey,
    errors,
    verify,
)
from cala_ledger.templates import MAX_METADATA

NOBODY = UUID(int=404)
LONG = "x" * 70_000
KEY = "".join(chr(33 + n * n % 94) for n in range(1_025))
"""Longer than what an index takes."""
BOMBS = {
    "deep": "(" * 5_000 + "1" + ")" * 5_000,
    "long": "1" + " + 1" * 50_000,
    "wide": "[" + "1, " * 100_000 + "1].size()",
    "text": "'" + "a" * 1_000_000 + "'",
    "doubling": "'aaaaaaaaaaaaaaaa'" + " + 'aaaaaaaaaaaaaaaa'" * 10_000,
    "nested": "[" * 2_000 + "]" * 2_000,
    "comprehension": "[1,2,3].map(a, [1,2,3].map(b, [1,2,3].map(c, [1,2,3].map(d, a))))" + " == 1" * 9_000,
    "regex": "'" + "a" * 40 + "!'.matches('(a+)+$')",
}


async def rows(pool: AsyncConnectionPool) -> dict[str, int]:
    """Rows of every table of the schema."""
    async with pool.connection() as conn:
        names = await (
            await conn.execute("select tablename from pg_tables where schemaname = 'cala'")
        ).fetchall()
        found = {}
        for (name,) in names:
            row = await (await conn.execute(f"select count(*) from cala.{name}".encode())).fetchone()
            assert row
            found[name] = row[0]
    return found


@asynccontextmanager
async def refused(pool: AsyncConnectionPool, *kinds: type[errors.LedgerError]):
    before = await rows(pool)
    with pytest.raises(errors.LedgerError) as found:
        yield found
    assert isinstance(found.value, kinds), repr(found.value)
    assert len(str(found.value)) < 2_000, "a refusal does not repeat a book"
    assert await rows(pool) == before
    async with pool.connection() as conn:
        assert await verify(conn) == []


Call = Callable[[Book, UUID], Awaitable[object]]


def post(template: str = "RECORD_DEPOSIT", /, **changes: object) -> Call:
    """A posting whose params or fields are changed."""

    async def call(book: Book, account: UUID) -> object:
        tx = book.tx(template, account, 5)
        own = {
            name: changes[name] for name in ("metadata", "external_id", "correlation_id") if name in changes
        }
        params = {**tx.params, **{name: value for name, value in changes.items() if name not in own}}
        return await book.ledger.post([msgspec.structs.replace(tx, params=params, **own)])

    return call


def account(**changes: object) -> Call:
    async def call(book: Book, _: UUID) -> object:
        return await book.ledger.accounts.create(msgspec.structs.replace(book.new_account(), **changes))

    return call


def limit(**changes: object) -> Call:
    async def call(book: Book, _: UUID) -> object:
        return await book.ledger.limits.ensure(
            msgspec.structs.replace(Limit(id=uuid7(), name="x"), **changes)
        )

    return call


def template(**changes: object) -> Call:
    async def call(book: Book, _: UUID) -> object:
        return await book.ledger.templates.ensure(
            msgspec.structs.replace(TEMPLATES[0], **({"code": "OTHER"} | changes))
        )

    return call


def many(count: int, **changes: object) -> Call:
    """More postings than a call takes."""

    async def call(book: Book, account: UUID) -> object:
        return await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 1)] * count, **changes)

    return call


def member(*pair: str) -> Call:
    async def call(book: Book, account: UUID) -> object:
        known = {"root": book.root, "deposits": book.deposits, "account": account, "nobody": NOBODY}
        return await book.ledger.sets.add_member(*(known[name] for name in pair))

    return call


def read(name: str, *args: object, **keywords: object) -> Call:
    async def call(book: Book, account: UUID) -> object:
        room, method = name.split(".")
        given = [account if each == "account" else [account] if each == "accounts" else each for each in args]
        return await getattr(getattr(book.ledger, room), method)(*given, **keywords)

    return call


AMOUNTS = [0, -1, 2**63, 2**80, 1.5, "5", True, None, [5]]
CASES: dict[str, tuple[Call, tuple[type[errors.LedgerError], ...]]] = {
    **{
        f"amount {amount!r}": (post(amount=amount), (errors.InvalidAmount, errors.WrongParamType))
        for amount in AMOUNTS
    },
    "currency nobody has": (post(currency="XXQ"), (errors.UnknownCurrency,)),
    "currency in lower case": (post(currency="usd"), (errors.UnknownCurrency,)),
    "currency empty": (post(currency=""), (errors.UnknownCurrency,)),
    "currency that is a text bomb": (post(currency=LONG), (errors.InvalidText,)),
    "journal nobody has": (post(journal_id=NOBODY), (errors.JournalNotFound,)),
    "journal that is a number": (post(journal_id=7), (errors.WrongParamType,)),
    "account nobody has": (post(account=NOBODY), (errors.AccountNotFound,)),
    "account that is a text": (post(account="no uuid"), (errors.WrongParamType,)),
    "param nobody has": (post(colour="red"), (errors.UnknownParam,)),
    "date that is a text": (post(effective="tomorrow"), (errors.WrongParamType,)),
    "date that is no day": (post(effective=date.fromisoformat), (errors.WrongParamType,)),
    "date with a time": (post(effective=datetime(2024, 5, 6, tzinfo=UTC)), (errors.WrongParamType,)),
    "balances of too many": (read("balances.now", [NOBODY] * 10_001), (errors.TooManyIds,)),
    "metadata of 1 MB": (post(metadata={"x": "y" * MAX_METADATA}), (errors.InvalidText,)),
    "metadata with NUL": (post(metadata={"x": "a\0b"}), (errors.InvalidText,)),
    "metadata with half a pair": (post(metadata={"x": "\ud800"}), (errors.InvalidText,)),
    "metadata no JSON": (post(metadata={"x": object()}), (errors.InvalidText,)),
    "metadata no JSON number": (post(metadata={"x": float("nan")}), (errors.InvalidText,)),
    "external id too long": (post(external_id=LONG), (errors.InvalidText,)),
    "external id with NUL": (post(external_id="a\0"), (errors.InvalidText,)),
    "external id too long for its index": (post(external_id=KEY), (errors.InvalidText,)),
    "correlation id too long for its index": (post(correlation_id=KEY), (errors.InvalidText,)),
    "account code too long for its index": (account(code=KEY), (errors.InvalidText,)),
    "account's external id too long for its index": (account(external_id=KEY), (errors.InvalidText,)),
    "template code too long for its index": (template(code=KEY), (errors.InvalidText,)),
    "template code with NUL": (template(code="a\0"), (errors.InvalidText,)),
    "template described with NUL": (template(description="a\0"), (errors.InvalidText,)),
    "template of too many entries": (
        template(entries=TEMPLATES[0].entries * 40_000),
        (errors.InvalidTemplate,),
    ),
    "template of too many params": (
        template(params=tuple(Param(name=f"p{n}", type=ParamType.UUID) for n in range(1_001))),
        (errors.InvalidTemplate,),
    ),
    "account in too many sets": (account(sets=(NOBODY,) * 10_001), (errors.TooManyIds,)),
    "account with too many limits": (account(limits=(NOBODY,) * 10_001), (errors.TooManyIds,)),
    "too many transactions": (many(10_001), (errors.TooManyIds,)),
    "too many status changes": (many(1, status_changes=[None] * 10_001), (errors.TooManyIds,)),
    "account code with NUL": (account(code="a\0"), (errors.InvalidText,)),
    "account code too long": (account(code=LONG), (errors.InvalidText,)),
    "account in a set nobody has": (account(sets=(NOBODY,)), (errors.SetNotFound,)),
    "account of no journal": (account(journal_id=NOBODY), (errors.JournalNotFound,)),
    "account with a limit nobody has": (account(limits=(NOBODY,)), (errors.LimitNotFound,)),
    "account with 1 MB of metadata": (account(metadata={"x": "y" * MAX_METADATA}), (errors.InvalidText,)),
    "set in itself": (member("root", "root"), (errors.SetCycle,)),
    "set in a set below it": (member("deposits", "root"), (errors.SetCycle,)),
    "member twice": (member("deposits", "account"), (errors.AlreadyMember,)),
    "member nobody has": (member("root", "nobody"), (errors.MemberNotFound,)),
    "set nobody has": (member("nobody", "account"), (errors.SetNotFound,)),
    "member of an account": (member("account", "deposits"), (errors.NotASet,)),
    "limit below zero": (limit(amount=-1), (errors.InvalidAmount,)),
    "limit beyond 64 bits": (limit(amount=2**63), (errors.InvalidAmount,)),
    "limit in no currency": (limit(currency="XXQ"), (errors.UnknownCurrency,)),
    "limit that ends before it starts": (
        limit(starts=TODAY, ends=date(2024, 1, 1)),
        (errors.InvalidLimit,),
    ),
    "limit with an unknown name": (limit(condition="world.end"), (errors.InvalidLimit,)),
    "limit with a wrong window": (limit(window=(WindowKey("day", "!"),)), (errors.InvalidLimit,)),
    "limit named with NUL": (limit(name="a\0"), (errors.InvalidText,)),
    "page too large": (read("entries.by_account", "account", Page(first=1_001)), (errors.PageTooLarge,)),
    "page below zero": (read("entries.by_account", "account", Page(first=-1)), (errors.PageTooLarge,)),
    "page both ways": (read("entries.by_account", "account", Page(first=1, last=1)), (errors.InvalidPage,)),
    "page no way": (read("entries.by_account", "account", Page()), (errors.InvalidPage,)),
    "entries of too many accounts": (
        read("entries.last_recorded", [NOBODY] * 10_001),
        (errors.TooManyIds,),
    ),
    "range upside down": (
        read("balances.range", "accounts", TODAY, date(2023, 1, 1)),
        (errors.InvalidRange,),
    ),
    **{
        f"look for {name} with {what}": (read(name, *args, **keywords), (errors.InvalidText,))
        for what, text in (("NUL", "a\0"), ("half a pair", "\ud800"))
        for name, args, keywords in (
            ("journals.maybe_find_by_code", (text,), {}),
            ("accounts.by_code", ([text],), {}),
            ("accounts.by_external_id", ([text],), {}),
            ("accounts.list_by_code", (1,), {"after": text}),
            ("templates.list", (1,), {"after": text}),
            ("entries.by_account", ("account", Page(first=1), EntryFilter(external_id=text)), {}),
            ("entries.by_journal", (NOBODY, Page(first=1), EntryFilter(currency=text)), {}),
            ("entries.last_recorded", ("accounts",), {"excluding": [text]}),
            ("transactions.list", (Page(first=1), TransactionFilter(correlation_id=text)), {}),
            ("transactions.list", (Page(first=1), TransactionFilter(template=text)), {}),
            ("limits.usage", (UUID(int=1), "accounts", 1), {"window": [text]}),
        )
    },
    "members of too many sets": (read("sets.members_of", [NOBODY] * 101, 1_000), (errors.TooManyIds,)),
    "balances of the tree of nothing": (read("sets.tree_balances", NOBODY), (errors.SetNotFound,)),
    "balances of the tree of an account": (read("sets.tree_balances", "account"), (errors.SetNotFound,)),
    "limit nobody has": (read("limits.find", NOBODY), (errors.LimitNotFound,)),
    "transaction nobody has": (read("transactions.find", NOBODY), (errors.TransactionNotFound,)),
    **{
        f"bomb in a condition: {name}": (limit(condition=bomb), (errors.InvalidLimit,))
        for name, bomb in BOMBS.items()
    },
    **{
        f"bomb in a window: {name}": (limit(window=(WindowKey("w", bomb),)), (errors.InvalidLimit,))
        for name, bomb in BOMBS.items()
    },
}


@pytest.mark.parametrize("case", CASES)
async def test_bad_input_is_refused_and_leaves_no_trace(
    book: Book, pool: AsyncConnectionPool, case: str
) -> None:
    call, kinds = CASES[case]
    account = await book.open()
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 5)])
    async with refused(pool, *kinds):
        began = time.monotonic()
        try:
            await call(book, account)
        finally:
            assert time.monotonic() - began < 2.0, "bounded in time"


async def define_and_post(book: Book, code: str, **entry: str) -> None:
    """A template as RECORD_DEPOSIT with another first entry, and a posting of it."""
    good = TEMPLATES[0]
    first = msgspec.structs.replace(good.entries[0], **entry)
    account = await book.open()
    await book.ledger.templates.ensure(
        msgspec.structs.replace(good, code=code, entries=(first, good.entries[1]))
    )
    await book.ledger.post([msgspec.structs.replace(book.tx("RECORD_DEPOSIT", account, 1), template=code)])


async def posted(pool: AsyncConnectionPool) -> tuple[int, int]:
    found = await rows(pool)
    return found["transactions"], found["entries"]


@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_in_a_template_ends_in_bounded_time(
    book: Book, pool: AsyncConnectionPool, name: str
) -> None:
    began = time.monotonic()
    with pytest.raises((errors.InvalidTemplate, errors.ExpressionFailed, errors.InvalidAmount)) as found:
        await define_and_post(book, "BOMB", amount=BOMBS[name])
    assert time.monotonic() - began < 5.0
    assert len(str(found.value)) < 2_000
    assert await posted(pool) == (0, 0)


@pytest.mark.parametrize(
    ("field", "value"),
    [("layer", "SETTLE"), ("layer", "'GOLD'"), ("direction", "'LEFT'"), ("currency", "'usd'"), ("amount", "'x'"),
     ("amount", "1.5"), ("account_id", "'x'"), ("account_id", "params.nobody"), ("entry_type", "7")],
)  # fmt: skip
async def test_a_template_that_names_what_is_not_there(
    book: Book, pool: AsyncConnectionPool, field: str, value: str
) -> None:
    with pytest.raises(errors.LedgerError) as found:
        await define_and_post(book, "BAD", **{field: value})
    assert "BAD" in str(found.value)
    assert field in str(found.value)
    assert await posted(pool) == (0, 0)


async def test_an_unbalanced_template_names_currency_and_layer(book: Book, pool: AsyncConnectionPool) -> None:
    good = TEMPLATES[0]
    lame = msgspec.structs.replace(good, code="LAME", entries=good.entries[:1])
    await book.ledger.templates.ensure(lame)  # only what is given at posting tells amounts
    account = await book.open()
    async with refused(pool, errors.UnbalancedTransaction):
        await book.ledger.post(
            [msgspec.structs.replace(book.tx("RECORD_DEPOSIT", account, 1), template="LAME")]
        )


async def test_a_transaction_of_the_batch_is_named_and_takes_the_batch_along(
    book: Book, pool: AsyncConnectionPool
) -> None:
    account = await book.open()
    batch = [book.tx("RECORD_DEPOSIT", account, n) for n in range(1, 50)]
    wrong = book.tx("RECORD_DEPOSIT", NOBODY, 1)
    async with refused(pool, errors.AccountNotFound) as found:
        await book.ledger.post([*batch, wrong])
    assert found.value.detail["transaction_id"] == str(wrong.id)
    assert str(NOBODY) in str(found.value)


async def test_an_id_is_not_used_twice(book: Book, pool: AsyncConnectionPool) -> None:
    account = await book.open()
    tx = book.tx("RECORD_DEPOSIT", account, 5)
    await book.ledger.post([tx])
    async with refused(pool, errors.TransactionIdReused):
        await book.ledger.post([msgspec.structs.replace(tx, params={**tx.params, "amount": 6})])
    async with refused(pool, errors.TransactionIdReused):
        await book.ledger.post([msgspec.structs.replace(tx, external_id="other")])
    async with refused(pool, errors.AccountIdExists):
        await book.ledger.accounts.create(msgspec.structs.replace(book.new_account(), id=account))


async def test_a_reversal_of_nothing(book: Book, pool: AsyncConnectionPool) -> None:
    async with refused(pool, errors.TransactionNotFound):
        await book.ledger.reverse(NOBODY, uuid7(), effective=TODAY)


@pytest.mark.parametrize("day", [date.min, date.max, date(1, 2, 3)])
async def test_the_ends_of_the_calendar_are_dates_like_others(
    book: Book, pool: AsyncConnectionPool, day: date
) -> None:
    account = await book.open()
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 5, on=day)])
    assert await book.settled(account, day) == 5
    assert (await book.ledger.balances.range([account], date.min, date.max))[account][
        "USD"
    ].close.settled.credit == 5
    (entry,) = (
        await book.ledger.entries.by_account(
            account, Page(first=5), where=EntryFilter(effective_from=day, effective_until=day)
        )
    ).entries
    assert entry.effective == day
    async with pool.connection() as conn:
        assert await verify(conn) == []


async def test_a_param_may_not_be_named_twice_nor_its_default_be_wrong(
    book: Book, pool: AsyncConnectionPool
) -> None:
    good = TEMPLATES[0]

    def changed(*params: Param) -> Template:
        return msgspec.structs.replace(good, code="P", params=(*good.params, *params))

    for params in (
        [Param(name="x", type=ParamType.UUID), Param(name="x", type=ParamType.UUID)],
        [Param(name="x", type=ParamType.INTEGER, default="'a'")],
        [Param(name="x", type=ParamType.INTEGER, default="params.amount")],
        [Param(name="x", type=ParamType.DATE, default="'2024-02-30'")],
    ):
        async with refused(pool, errors.InvalidTemplate):
            await book.ledger.templates.ensure(changed(*params))


async def test_a_diamond_is_counted_once(book: Book, pool: AsyncConnectionPool) -> None:
    """Not bad input, though it looks like it: two ways to one set."""
    left, right = (
        NewSet(id=uuid7(), journal_id=book.journal, name=n, normal_side=Direction.CREDIT, sets=(book.root,))
        for n in "lr"
    )
    await book.ledger.accounts.create_many([left, right])
    account = await book.open(sets=(left.id, right.id))
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 5)])
    root = (await book.ledger.balances.now([book.root]))[book.root]["USD"]
    assert (root.settled.debit, root.settled.credit) == (5, 5)
    async with refused(pool, errors.SetCycle):
        await book.ledger.sets.add_member(left.id, book.root)


async def test_a_template_that_is_refused_is_not_known_either(book: Book, pool: AsyncConnectionPool) -> None:
    """Else this process would post by what the database does not hold."""
    elsewhere = Ledger(pool)
    mine = msgspec.structs.replace(TEMPLATES[0], code="SAME")
    other = msgspec.structs.replace(mine, entries=tuple(reversed(mine.entries)))
    await book.ledger.templates.ensure(mine)
    for wrong in (
        other,
        msgspec.structs.replace(mine, code="BAD", entries=(TEMPLATES[0].entries[0],) * 70_000),
    ):
        with pytest.raises(errors.LedgerError):
            await elsewhere.templates.ensure(TEMPLATES[1], wrong)
        assert elsewhere.templates.registry.all() == ()
    await elsewhere.templates.ensure(mine)
    assert elsewhere.templates.registry.all() == (mine,)
