"""Each refusal of posting, and that a refused group leaves nothing behind."""

from datetime import date
from uuid import UUID

import msgspec
import psycopg
import pytest
from ledger_book import TODAY, Book
from psycopg_pool import AsyncConnectionPool
from uuid_utils.compat import uuid7

from cala_ledger import (
    Layer,
    LedgerError,
    Limit,
    Page,
    Status,
    StatusChange,
    TransactionInput,
    errors,
    open_accounts_statement,
    post_statement,
    refusal,
    set_status_statement,
    verify,
)

MOST = 2**63 - 1


async def run(pool: AsyncConnectionPool, statement: tuple[str, object]) -> dict[int, LedgerError]:
    async with pool.connection() as conn:
        cursor = await conn.execute(statement[0], statement[1])
        return {row[0]: refusal(row[1], row[2]) for row in await cursor.fetchall()}


async def clean(pool: AsyncConnectionPool) -> None:
    async with pool.connection() as conn:
        assert await verify(conn) == []


async def test_only_the_group_at_fault_drops_out(book: Book, pool: AsyncConnectionPool) -> None:
    a, b = await book.open(), await book.open()
    prepare = book.ledger.templates.registry.prepare
    groups = [
        (70, [prepare(book.tx("RECORD_DEPOSIT", a, 500))]),
        (71, [prepare(book.tx("INITIATE_WITHDRAW", a, 501))]),
        (72, [prepare(book.tx("RECORD_DEPOSIT", uuid7(), 1))]),
        (73, [prepare(book.tx("RECORD_DEPOSIT", b, 5)), prepare(book.tx("INITIATE_WITHDRAW", b, 6))]),
        (74, [prepare(book.tx("INITIATE_WITHDRAW", a, 500))]),
        (75, [prepare(book.tx("INITIATE_WITHDRAW", a, 1))]),
        (76, [prepare(book.tx("RECORD_DEPOSIT", b, 9))]),
    ]
    refused = await run(pool, post_statement(groups, skip_sql="array[76]::int8[]"))
    assert {group: error.code for group, error in refused.items()} == {
        71: "VELOCITY_LIMIT_EXCEEDED",
        72: "ACCOUNT_NOT_FOUND",
        73: "VELOCITY_LIMIT_EXCEEDED",
        75: "VELOCITY_LIMIT_EXCEEDED",
    }
    assert refused[71].detail["left"] == 500
    assert refused[73].detail["asked"] == 1
    assert refused[75].detail["left"] == 0
    assert (await book.settled(a), await book.settled(b)) == (0, 0)
    await clean(pool)


async def test_one_account_in_256_groups_of_one_call_has_right_sums_and_running_balances(
    book: Book, pool: AsyncConnectionPool
) -> None:
    account = await book.open()
    prepare = book.ledger.templates.registry.prepare
    groups = [
        (n, [prepare(book.tx("INITIATE_WITHDRAW" if n % 3 == 0 else "RECORD_DEPOSIT", account, n))])
        for n in range(1, 257)
    ]
    assert await run(pool, post_statement(groups)) == {}
    expected = sum(-n if n % 3 == 0 else n for n in range(1, 257))
    assert await book.settled(account) == expected
    page = (await book.ledger.entries.by_account(account, Page(first=1000, newest_first=False))).entries
    settled = [entry for entry in page if entry.layer is Layer.SETTLED]
    assert settled[-1].credit_after - settled[-1].debit_after == expected
    await clean(pool)


async def test_status_changes_take_effect_in_the_order_of_groups(
    book: Book, pool: AsyncConnectionPool
) -> None:
    d, frozen = await book.open(), await book.open(limited=False)
    prepare = book.ledger.templates.registry.prepare
    groups = [
        (1, [prepare(book.tx("RECORD_DEPOSIT", d, 100))]),
        (2, [prepare(book.tx("FREEZE_ACCOUNT", d, 100, frozen=frozen))]),
        (3, [prepare(book.tx("RECORD_DEPOSIT", d, 7))]),
        (4, [prepare(book.tx("UNFREEZE_ACCOUNT", d, 100, frozen=frozen))]),
        (5, [prepare(book.tx("RECORD_DEPOSIT", d, 8))]),
        (6, []),
        (7, [prepare(book.tx("INITIATE_WITHDRAW", d, 1000))]),
    ]
    changes = [
        (2, StatusChange(d, Status.LOCKED)),
        (4, StatusChange(d, Status.ACTIVE)),
        (6, StatusChange(frozen, Status.LOCKED)),
        (7, StatusChange(d, Status.LOCKED)),
    ]
    refused = await run(pool, post_statement(groups, status_changes=changes))
    assert {group: error.code for group, error in refused.items()} == {
        3: "ACCOUNT_LOCKED",
        7: "VELOCITY_LIMIT_EXCEEDED",
    }
    found = await book.ledger.accounts.find_many([d, frozen])
    assert (found[d].status, found[frozen].status) == (Status.ACTIVE, Status.LOCKED)
    assert await book.settled(d) == 108


async def test_status_of_unknown_accounts_and_sets_is_refused(book: Book, pool: AsyncConnectionPool) -> None:
    account = await book.open()
    statement = set_status_statement(
        [
            (1, [StatusChange(uuid7(), Status.LOCKED)]),
            (2, [StatusChange(book.root, Status.LOCKED)]),
            (3, [StatusChange(account, Status.LOCKED)]),
        ]
    )
    refused = await run(pool, statement)
    assert {group: type(error) for group, error in refused.items()} == {
        1: errors.AccountNotFound,
        2: errors.AccountIsSet,
    }
    with pytest.raises(errors.AccountLocked):
        await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 1)])


async def test_locked_journal_refuses_until_unlocked(book: Book) -> None:
    account = await book.open()
    await book.ledger.journals.lock(book.journal)
    with pytest.raises(errors.JournalLocked):
        await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 1)])
    await book.ledger.journals.unlock(book.journal)
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 1)])


async def test_postings_to_sets_other_journals_and_unknown_journals_are_refused(book: Book) -> None:
    account, other = await book.open(), uuid7()
    with pytest.raises(errors.AccountIsSet):
        await book.ledger.post([book.tx("RECORD_DEPOSIT", book.deposits, 1)])
    stray = book.tx("RECORD_DEPOSIT", account, 1)
    stray = msgspec.structs.replace(stray, params={**stray.params, "journal_id": other})
    with pytest.raises(errors.JournalNotFound):
        await book.ledger.post([stray])
    await book.ledger.journals.create(other, "OTHER", "Other")
    with pytest.raises(errors.AccountNotInJournal):
        await book.ledger.post([stray])


async def test_template_unknown_to_the_database_is_refused(book: Book, pool: AsyncConnectionPool) -> None:
    prepared = book.ledger.templates.registry.prepare(book.tx("RECORD_DEPOSIT", await book.open(), 1))
    refused = await run(pool, post_statement([(1, [msgspec.structs.replace(prepared, template="NOWHERE")])]))
    assert isinstance(refused[1], errors.TemplateNotFound)


async def test_repeat_of_a_transaction_id_writes_nothing_and_other_content_is_refused(
    book: Book, pool: AsyncConnectionPool
) -> None:
    account = await book.open()
    first = book.tx("RECORD_DEPOSIT", account, 10)
    await book.ledger.post([first])
    await book.ledger.post([first])
    await book.ledger.post([first, first, book.tx("RECORD_DEPOSIT", account, 1)])
    await book.ledger.accounts.set_status(account, Status.LOCKED)
    await book.ledger.post([first])
    await book.ledger.accounts.set_status(account, Status.ACTIVE)
    with pytest.raises(errors.TransactionIdReused):
        await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 11, tx_id=first.id)])
    assert await book.settled(account) == 11
    prepare = book.ledger.templates.registry.prepare
    twice = prepare(book.tx("RECORD_DEPOSIT", account, 5))
    refused = await run(pool, post_statement([(1, [twice]), (2, [twice])]))
    assert [(group, error.code) for group, error in refused.items()] == [(2, "TRANSACTION_IN_FLIGHT")]
    assert await book.settled(account) == 16
    await clean(pool)


async def test_sums_beyond_64_bits_are_refused_with_the_account_or_set_named(
    book: Book, pool: AsyncConnectionPool
) -> None:
    a, b = await book.open(), await book.open()
    other = await book.open(limited=False, sets=())
    await book.ledger.post([book.tx("RECORD_DEPOSIT", a, MOST - 10, omnibus=other)])
    with pytest.raises(errors.BalanceOverflow) as refused:
        await book.ledger.post([book.tx("RECORD_DEPOSIT", a, 11)])
    assert refused.value.detail["account_id"] in {str(a), str(book.deposits), str(book.root)}
    with pytest.raises(errors.BalanceOverflow) as refused:
        await book.ledger.post([book.tx("RECORD_DEPOSIT", b, 11)])
    assert refused.value.detail["account_id"] in {str(book.deposits), str(book.root)}
    with pytest.raises(errors.BalanceOverflow):
        await book.ledger.post([book.tx("RECORD_DEPOSIT", b, MOST), book.tx("RECORD_DEPOSIT", b, MOST)])
    await book.ledger.post([book.tx("RECORD_DEPOSIT", b, 10)])
    assert await book.settled(book.deposits) == MOST
    await clean(pool)


async def test_limit_on_a_set_binds_every_account_below_it(book: Book) -> None:
    await book.ledger.limits.ensure(Limit(id=uuid7(), name="unused"))
    limit = Limit(id=uuid7(), name="Set floor", currency="USD", amount=100)
    await book.ledger.limits.ensure(limit)
    await book.ledger.limits.attach(limit.id, [book.deposits])
    a, b = await book.open(limited=False), await book.open(limited=False)
    await book.ledger.post([book.tx("INITIATE_WITHDRAW", a, 60)])
    with pytest.raises(errors.VelocityLimitExceeded) as refused:
        await book.ledger.post([book.tx("INITIATE_WITHDRAW", b, 41)])
    assert refused.value.detail["account_id"] == str(book.deposits)
    assert refused.value.detail["left"] == 40
    await book.ledger.limits.detach(limit.id, [book.deposits])
    await book.ledger.post([book.tx("INITIATE_WITHDRAW", b, 41)])


async def test_a_credit_is_taken_by_an_account_that_is_already_beyond_its_limit(book: Book) -> None:
    account = await book.open(limited=False)
    await book.ledger.post([book.tx("INITIATE_WITHDRAW", account, 60)])
    await book.ledger.limits.attach(UUID(int=1), [account])
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 10)])
    assert await book.settled(account) == -50


@pytest.mark.parametrize(
    "sql",
    [
        "update cala.entries set amount = amount + 1",
        "delete from cala.entries",
        "truncate cala.entries",
        "update cala.transactions set description = 'x'",
        "delete from cala.transactions",
    ],
)
async def test_database_refuses_to_change_history(book: Book, pool: AsyncConnectionPool, sql: str) -> None:
    await book.ledger.post([book.tx("RECORD_DEPOSIT", await book.open(), 1)])
    async with pool.connection() as conn:
        with pytest.raises(psycopg.Error) as refused:
            await conn.execute(sql)
        assert refused.value.sqlstate == "CL001"
        await conn.rollback()


async def test_database_refuses_unbalanced_incomplete_and_misplaced_entries(
    book: Book, pool: AsyncConnectionPool
) -> None:
    account = await book.open()
    tx = book.tx("RECORD_DEPOSIT", account, 10)
    await book.ledger.post([tx])
    posted = await book.ledger.transactions.find(tx.id)
    copy = """insert into cala.entries select t.position * 65536 + %s + g, t.id, %s, 5, 0, 5, 'settled',
        case g when 1 then 'debit'::cala.direction else %s::cala.direction end, 'USD', 'X', null,
        t.effective + %s, t.recorded_at from cala.transactions t, generate_series(1, 2) g where t.id = %s"""
    fresh = """insert into cala.transactions select %s, nextval('cala.transaction_position'), journal_id, template_id,
        2, effective, recorded_at, digest from cala.transactions where id = %s"""
    for offset, holder, side, days_off, own_transaction in [
        (2, account, "credit", 0, False),
        (0, account, "debit", 0, True),
        (1, account, "credit", 0, True),
        (0, account, "credit", 1, True),
        (0, book.deposits, "credit", 0, True),
        (0, uuid7(), "credit", 0, True),
    ]:
        async with pool.connection() as conn:
            target = posted.id
            if own_transaction:
                target = uuid7()
                await conn.execute(fresh, [target, posted.id])
            with pytest.raises(psycopg.Error) as refused:
                await conn.execute(copy, [offset, holder, side, days_off, target])
            assert refused.value.sqlstate == "CL002"
            await conn.rollback()


async def test_verify_names_what_was_tampered_with(book: Book, pool: AsyncConnectionPool) -> None:
    account = await book.open()
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 10)])
    async with pool.connection() as conn:
        await conn.execute("update cala.balances set settled_credit = 11 where account_id = %s", [account])
        await conn.execute("update cala.day_sums set settled_debit = 3 where account_id = %s", [book.root])
        await conn.execute(
            "delete from cala.ancestors where account_id = %s and set_id = %s", [account, book.root]
        )
        await conn.execute("alter table cala.entries disable trigger entries_append_only")
        await conn.execute("delete from cala.entries where account_id = %s", [account])
        rules = {violation.rule for violation in await verify(conn)}
        assert rules == {
            "unbalanced transaction",
            "entries of a transaction",
            "day sums",
            "balance",
            "closure of sets",
            "guard missing or disabled",
        }
        await conn.rollback()


async def test_a_whole_pipeline_opens_accounts_posts_and_locks_in_one_transaction(
    book: Book, pool: AsyncConnectionPool
) -> None:
    one, two = book.new_account(), book.new_account()
    clash = msgspec.structs.replace(book.new_account(), code=one.code)
    prepare = book.ledger.templates.registry.prepare
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        async with conn.pipeline():
            opened = await conn.execute(*open_accounts_statement([(1, [one]), (2, [two]), (3, [clash])]))
            posted = await conn.execute(
                *post_statement(
                    [
                        (1, [prepare(book.tx("RECORD_DEPOSIT", one.id, 100))]),
                        (2, [prepare(book.tx("RECORD_DEPOSIT", two.id, 200))]),
                    ],
                    status_changes=[(2, StatusChange(two.id, Status.LOCKED))],
                    recorded_at=None,
                )
            )
        assert [row[:2] for row in await opened.fetchall()] == [(3, "ACCOUNT_CODE_EXISTS")]
        assert await posted.fetchall() == []
        await conn.set_autocommit(False)
    assert await book.settled(book.deposits) == 300
    assert (await book.ledger.accounts.find(two.id)).status is Status.LOCKED


async def test_a_transaction_without_entries_is_kept(book: Book) -> None:
    from cala_ledger import Param, ParamType, Template, TransactionSpec

    empty = Template(
        code="EMPTY",
        params=(Param(name="journal_id", type=ParamType.UUID),),
        transaction=TransactionSpec(journal_id="params.journal_id"),
        entries=(),
    )
    await book.ledger.templates.ensure(empty)
    given = TransactionInput(
        id=uuid7(), template="EMPTY", params={"journal_id": book.journal}, effective=date(2024, 1, 1)
    )
    await book.ledger.post([given])
    await book.ledger.post([given])
    assert (await book.ledger.transactions.find(given.id)).entries == ()


async def test_balances_as_of_a_date_count_back_dated_postings(book: Book) -> None:
    account = await book.open()
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 100, on=date(2024, 3, 1))])
    await book.ledger.post([book.tx("RECORD_DEPOSIT", account, 20, on=date(2024, 1, 1))])
    await book.ledger.post([book.tx("INITIATE_WITHDRAW", account, 7, on=date(2030, 1, 1))])
    seen = [await book.settled(account, on) for on in (date(2023, 12, 31), date(2024, 1, 1), TODAY)]
    assert seen == [0, 20, 120]
    assert await book.settled(account) == 113
    assert await book.settled(book.deposits, TODAY) == 120
    found = await book.ledger.balances.range([account, uuid7()], date(2024, 2, 1), date(2030, 1, 1))
    figures = found[account]["USD"]
    assert (figures.open.settled.credit, figures.activity.settled.debit, figures.close.settled.credit) == (
        20,
        7,
        120,
    )
    assert list(found.values())[1] == {}
