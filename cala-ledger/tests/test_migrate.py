"""Migrations: pending before, none after, once only when two start together; and nothing is lost on the way up.

`version_0001.sql` holds the functions of the first version. A book is written with them, upgraded, and must
then be what a new database would be, with everything in it.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest
from alembic import command
from ledger_book import OVERDRAFT, TEMPLATES, TODAY, Book
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool
from uuid_utils.compat import uuid7

from cala_ledger import (
    Direction,
    Ledger,
    NewAccount,
    NewSet,
    PreparedTransaction,
    Status,
    StatusChange,
    Templates,
    VelocityLimitExceeded,
    errors,
    migrate,
    open_accounts_statement,
    pending,
    seal,
    verify,
)
from cala_ledger.migrate import _config, _connected
from cala_ledger.wire import ByteaArray, DateArray, Int8Array, TextArray, TimestamptzArray, UuidArray

FIRST = Path(__file__).with_name("version_0001.sql")
NEW_YEARS_EVE, NEW_YEAR = date(2023, 12, 31), date(2024, 1, 1)
THEN = datetime(2024, 1, 2, 9, 30, tzinfo=UTC)
LATER = datetime(2024, 5, 6, 9, 30, tzinfo=UTC)
JOURNAL, ROOT, DEPOSITS, LATE, OMNIBUS, JANE, JOHN, CLOSED = (UUID(int=100 + n) for n in range(8))
OLD = UUID(int=201)
OLD_DIGEST = bytes.fromhex("19f585b5341007290dc09e510ac27a0e")  # as version 0001 worked it out


@pytest.fixture
def empty(server: str) -> Iterator[str]:
    name = f"cala_empty_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"create database {name}".encode())
        yield make_conninfo(server, dbname=name)
        admin.execute(f"drop database {name} with (force)".encode())


def test_two_that_start_together_migrate_once(empty: str) -> None:
    todo = pending(empty)
    assert todo
    with ThreadPoolExecutor(2) as both:
        ran = sorted(both.map(migrate, [empty, empty]))
    assert ran == [(), todo]
    assert pending(empty) == ()
    with psycopg.connect(empty) as conn:
        row = conn.execute("select version_num from cala.alembic_version").fetchone()
        assert row == (todo[-1],)
        outside = conn.execute(
            "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public'"
        ).fetchone()
        assert outside == (0,)


def old_book() -> Book:
    return Book(Ledger(templates=Templates(TEMPLATES)), JOURNAL, ROOT, DEPOSITS, OMNIBUS)


def old_posting() -> PreparedTransaction:
    tx = old_book().tx("RECORD_DEPOSIT", JANE, 700, on=NEW_YEARS_EVE, tx_id=OLD)
    return Templates(TEMPLATES).prepare(
        msgspec.structs.replace(tx, metadata={"source": "paper"}, external_id="slip-1")
    )


def post(
    conn: psycopg.Connection, at: datetime, prepared: Sequence[PreparedTransaction], *changes: StatusChange
) -> None:
    """The call of version 0001, which sent every field of every entry."""
    entries = [(i, n, entry) for i, each in enumerate(prepared, 1) for n, entry in enumerate(each.entries, 1)]
    params = [
        Int8Array([1]),
        Int8Array([1] * len(prepared)),
        UuidArray([each.id for each in prepared]),
        TextArray([each.template for each in prepared]),
        UuidArray([each.journal_id for each in prepared]),
        DateArray([each.effective for each in prepared]),
        TimestamptzArray([at] * len(prepared)),
        TextArray([each.description for each in prepared]),
        TextArray([each.metadata for each in prepared]),
        TextArray([each.external_id for each in prepared]),
        TextArray([each.correlation_id for each in prepared]),
        ByteaArray([each.digest for each in prepared]),
        Int8Array([len(each.entries) for each in prepared]),
        Int8Array([i for i, _, _ in entries]),
        Int8Array([n for _, n, _ in entries]),
        TextArray([entry.entry_type for _, _, entry in entries]),
        UuidArray([entry.account_id for _, _, entry in entries]),
        TextArray([entry.layer.value for _, _, entry in entries]),
        TextArray([entry.direction.value for _, _, entry in entries]),
        TextArray([entry.currency for _, _, entry in entries]),
        Int8Array([entry.amount for _, _, entry in entries]),
        TextArray([entry.description for _, _, entry in entries]),
        Int8Array([1] * len(changes)),
        UuidArray([change.account_id for change in changes]),
        TextArray([change.status.value for change in changes]),
    ]
    places = ", ".join(["%b"] * len(params))
    assert conn.execute(f"select * from cala.post({places})".encode(), params).fetchall() == []


def first_version(dsn: str) -> None:
    """A database as version 0001 left it, with a bank's first half-year in it."""
    with _connected(dsn) as connection:
        connection.exec_driver_sql("create schema cala")
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    book, registry = old_book(), Templates(TEMPLATES)
    with psycopg.connect(dsn) as conn:
        conn.execute(FIRST.read_bytes())
        conn.execute(
            "insert into cala.journals values (%s, 'GL', 'General', null, 'active', %s)", [JOURNAL, THEN]
        )
        conn.execute(
            "insert into cala.velocity_limits values (%s, 'Overdraft Prevention', 'settled', 'debit', null, 0, %s)",
            [OVERDRAFT, THEN],
        )
        for template in TEMPLATES:
            conn.execute(
                "insert into cala.templates (code, definition, created_at) values (%s, %s::jsonb, %s)",
                [template.code, msgspec.json.encode(template).decode(), THEN],
            )
        sides = {ROOT: Direction.DEBIT, DEPOSITS: Direction.CREDIT, LATE: Direction.CREDIT}
        sets = [
            NewSet(id=each, journal_id=JOURNAL, name=f"S{each.int}", normal_side=sides[each],
                   sets=(ROOT,) if each is DEPOSITS else ())
            for each in (ROOT, DEPOSITS, LATE)
        ]  # fmt: skip
        accounts = [
            NewAccount(id=each, journal_id=JOURNAL, code=f"A{each.int}", name=f"A{each.int}",
                       normal_side=Direction.CREDIT, sets=(DEPOSITS,), limits=(OVERDRAFT,), metadata={"no": n})
            for n, each in enumerate((JANE, JOHN, CLOSED))
        ]  # fmt: skip
        omnibus = NewAccount(
            id=OMNIBUS, journal_id=JOURNAL, code="omnibus", name="Omnibus", normal_side=Direction.DEBIT
        )
        opened = open_accounts_statement([(1, [*sets, omnibus, *accounts])])
        assert conn.execute(opened[0].encode(), opened[1]).fetchall() == []
        post(conn, THEN, [old_posting()])
        withdrawal = book.tx("INITIATE_WITHDRAW", JANE, 200, on=NEW_YEAR)
        deposits = [book.tx("RECORD_DEPOSIT", each, 50, on=TODAY) for each in (JOHN, CLOSED)]
        post(conn, LATER, [registry.prepare(each) for each in [withdrawal, *deposits]])
        back = book.tx("RECORD_DEPOSIT", JOHN, 5, on=NEW_YEAR)
        post(conn, LATER, [registry.prepare(back)], StatusChange(CLOSED, Status.LOCKED))
        assert conn.execute("select cala.add_member(%s, %s, %s)", [LATE, JANE, LATER]).fetchone() == (None,)


def columns(dsn: str) -> dict[str, str]:
    """The tables as they are, each with its columns."""
    with psycopg.connect(dsn) as conn:
        return dict(
            conn.execute(
                "select table_name, string_agg(quote_ident(column_name), ', ' order by ordinal_position)"
                " from information_schema.columns where table_schema = 'cala' group by 1"
            ).fetchall()
        )


def contents(dsn: str, tables: dict[str, str]) -> dict[str, list[tuple[object, ...]]]:
    """Every row of these tables by these columns."""
    with psycopg.connect(dsn) as conn:
        return {
            table: sorted(conn.execute(f"select {names} from cala.{table}".encode()).fetchall(), key=repr)
            for table, names in tables.items()
        }


SCHEMA = {
    "columns": "select table_name, column_name, udt_name, is_nullable, column_default, is_generated"
    " from information_schema.columns where table_schema = 'cala'",
    "constraints": "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint"
    " where connamespace = 'cala'::regnamespace and contype <> 'n'",
    "indexes": "select indexname, indexdef from pg_indexes where schemaname = 'cala'",
    "triggers": "select pg_get_triggerdef(oid), tgenabled from pg_trigger where not tgisinternal",
    "functions": "select pg_get_functiondef(oid) from pg_proc where pronamespace = 'cala'::regnamespace",
    "types": "select t.typname, a.attname, a.atttypid::regtype::text from pg_type t"
    " join pg_attribute a on a.attrelid = t.typrelid where t.typnamespace = 'cala'::regnamespace and a.attnum > 0",
    "version": "select version_num from cala.alembic_version",
}


def schema(dsn: str) -> dict[str, list[tuple[object, ...]]]:
    with psycopg.connect(dsn) as conn:
        return {what: sorted(conn.execute(sql.encode()).fetchall(), key=repr) for what, sql in SCHEMA.items()}


def test_an_upgrade_ends_where_a_new_database_begins(empty: str, dsn: str) -> None:
    """No table, index, trigger or function is another, and none of an earlier version is left."""
    first_version(empty)
    assert pending(empty) == ("0002",)
    before = schema(empty)
    assert migrate(empty) == ("0002",)
    assert pending(empty) == ()
    upgraded, new = schema(empty), schema(dsn)
    assert all(new.values())
    assert {what: upgraded[what] for what in SCHEMA} == new
    assert all(
        before[what] != new[what] for what in ("columns", "indexes", "triggers", "functions", "version")
    )


def test_an_upgrade_keeps_every_row(empty: str) -> None:
    first_version(empty)
    tables = columns(empty)
    del tables["alembic_version"]
    before = contents(empty, tables)
    assert len(before) == 11
    assert all(before.values())
    migrate(empty)
    assert contents(empty, tables) == before
    with psycopg.connect(empty) as conn:
        dates = conn.execute(
            "select distinct t.id, e.effective, e.recorded_at, (e.effective, e.recorded_at) = (t.effective, t.recorded_at)"
            " from cala.entries e join cala.transactions t on t.id = e.transaction_id order by e.recorded_at, 1"
        ).fetchall()
        assert len(dates) == 5
        assert dates[0] == (OLD, NEW_YEARS_EVE, THEN, True)
        assert {(effective, at) for _, effective, at, _ in dates[1:]} == {(NEW_YEAR, LATER), (TODAY, LATER)}
        assert all(same for *_, same in dates)
        assert conn.execute("select digest from cala.transactions where id = %s", [OLD]).fetchone() == (
            OLD_DIGEST,
        )
        with pytest.raises(psycopg.Error, match="append-only"):
            conn.execute("update cala.entries set amount = 1")


async def test_an_upgraded_book_goes_on(empty: str) -> None:
    first_version(empty)
    migrate(empty)
    async with AsyncConnectionPool(empty, min_size=1, open=False) as pool:
        ledger = Ledger(pool)
        await ledger.templates.ensure(*TEMPLATES)
        book = Book(ledger, JOURNAL, ROOT, DEPOSITS, OMNIBUS)

        async def clean() -> None:
            async with pool.connection() as conn:
                assert await verify(conn) == []

        await clean()
        assert [await book.settled(JANE, on) for on in (NEW_YEARS_EVE, NEW_YEAR)] == [700, 500]
        assert [await book.settled(LATE), await book.settled(DEPOSITS)] == [500, 605]
        found = await ledger.balances.recorded([JANE], THEN)
        assert found[JANE]["USD"].settled.net(Direction.CREDIT) == 700

        repeat = msgspec.structs.replace(
            book.tx("RECORD_DEPOSIT", JANE, 700, on=NEW_YEARS_EVE, tx_id=OLD),
            metadata={"source": "paper"}, external_id="slip-1",
        )  # fmt: skip
        await ledger.post([repeat])
        with pytest.raises(errors.TransactionIdReused):
            await ledger.post([msgspec.structs.replace(repeat, external_id="slip-2")])
        with pytest.raises(errors.AccountLocked):
            await ledger.post([book.tx("RECORD_DEPOSIT", CLOSED, 1)])
        with pytest.raises(VelocityLimitExceeded):
            await ledger.post([book.tx("REVERT_DEPOSIT", JOHN, 56)])
        await ledger.post(
            [book.tx("REVERT_DEPOSIT", JOHN, 55), book.tx("RECORD_DEPOSIT", JANE, 1, on=NEW_YEAR)]
        )
        with pytest.raises(VelocityLimitExceeded):
            await ledger.reverse(OLD, uuid7(), effective=TODAY)
        await ledger.post([book.tx("RECORD_DEPOSIT", JANE, 199)])
        await ledger.reverse(OLD, uuid7(), effective=TODAY)
        with pytest.raises(errors.TransactionAlreadyReversed):
            await ledger.reverse(OLD, uuid7(), effective=TODAY)
        assert [await book.settled(each) for each in (JANE, JOHN, LATE, DEPOSITS)] == [0, 0, 0, 50]
        await ledger.sets.remove_member(LATE, JANE)
        async with pool.connection() as conn:
            await conn.set_autocommit(True)
            assert await seal(conn, LATER) == 9
            await conn.set_autocommit(False)
        await clean()
