"""Sealed blocks: nothing slips past the horizon, tampering is named, and a file is checked without a database."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from ledger_book import Book
from psycopg_pool import AsyncConnectionPool

from cala_ledger import chain, errors, export, verify
from cala_ledger.chain import ChainBroken, check, line_of
from cala_ledger.sealing import MOST

NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)


async def sealed(book: Book, transactions: int, most: int) -> list[int]:
    account = await book.open()
    for n in range(1, transactions + 1):
        await book.ledger.post([book.tx("RECORD_DEPOSIT", account, n)])
    counts = [await book.ledger.seal(NOON, most=most)]
    while counts[-1]:
        counts.append(await book.ledger.seal(NOON, most=most))
    return counts


async def exported(pool: AsyncConnectionPool, file: Path, from_block: int = 1) -> int:
    async with pool.connection() as conn:
        with file.open("wb") as out:
            return await export(conn, out, from_block=from_block)


def program(file: Path) -> subprocess.CompletedProcess[str]:
    """The check as an auditor runs it: one file, no packages."""
    return subprocess.run(
        [sys.executable, "-I", "-S", chain.__file__, str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def test_an_exported_chain_is_checked_without_a_database(
    book: Book, pool: AsyncConnectionPool, tmp_path: Path
) -> None:
    assert await sealed(book, 7, most=3) == [3, 3, 1, 0]
    file = tmp_path / "chain.jsonl"
    assert await exported(pool, file) == 3
    answer = program(file)
    assert (answer.returncode, answer.stdout) == (0, "the chain holds: 3 blocks, 7 transactions\n")
    assert await exported(pool, file, from_block=2) == 2
    assert program(file).returncode == 0
    assert program(tmp_path / "none").returncode == 2
    async with pool.connection() as conn:
        assert await verify(conn) == []


Tamper = Callable[[list[bytes]], list[bytes]]


def _changed(lines: list[bytes], at: int, **values: object) -> list[bytes]:
    return [*lines[:at], line_of(json.loads(lines[at]) | values), *lines[at + 1 :]]


def _amounts(lines: list[bytes]) -> list[bytes]:
    entries = json.loads(lines[1])["entries"]
    return _changed(lines, 1, entries=[[*e[:5], 99, *e[6:]] for e in entries])


def _one_amount(lines: list[bytes]) -> list[bytes]:
    entries = json.loads(lines[1])["entries"]
    return _changed(lines, 1, entries=[[*entries[0][:5], 99, *entries[0][6:]], entries[1]])


def _rehashed(lines: list[bytes]) -> list[bytes]:
    changed = _amounts(lines)
    head = json.loads(changed[0])
    found = chain.block_hash(
        bytes.fromhex(head["previous"]),
        chain.header_of(1, head["first_position"], head["last_position"], 3),
        changed[1:4],
    )
    return _changed(changed, 0, hash=found.hex())


@pytest.mark.parametrize(
    ("tamper", "fault"),
    [
        (_amounts, "block 1: its content is not what was sealed"),
        (_one_amount, "debits and credits differ"),
        (_rehashed, "block 2 does not continue the block before it"),
        (lambda lines: [*lines[:1], lines[2], lines[1], *lines[3:]], "out of order"),
        (lambda lines: lines[4:], None),
        (lambda lines: [*lines[:4], *lines[8:]], "block 3 follows block 1"),
        (lambda lines: lines[:-1], "ends after 0 of 1"),
        (lambda lines: [*lines[:2], *lines[3:]], "block 1"),
        (lambda lines: _changed(lines, 1, description="other"), "its content is not what was sealed"),
        (lambda lines: [*lines[:1], b" " + lines[1], *lines[2:]], "not in canonical form"),
        (lambda _: [b"nonsense\n"], "not JSON"),
    ],
)
async def test_tampering_with_a_file_is_named(
    book: Book, pool: AsyncConnectionPool, tmp_path: Path, tamper: Tamper, fault: str | None
) -> None:
    await sealed(book, 7, most=3)
    file = tmp_path / "chain.jsonl"
    await exported(pool, file)
    lines = tamper(file.read_bytes().splitlines(keepends=True))
    if fault is None:
        assert check(iter(lines)) == (3, 4)  # the end of a chain stands by itself
        return
    with pytest.raises(ChainBroken, match=fault):
        check(iter(lines))


@pytest.mark.parametrize(
    ("table", "sql"),
    [
        ("entries", "update cala.entries set entry_type = 'X' where amount = 2"),
        ("transactions", "update cala.transactions set description = 'x' where position = 2"),
        ("blocks", "update cala.blocks set hash = '\\x00' where number = 2"),
        ("blocks", "delete from cala.blocks where number = 2"),
    ],
)
async def test_verify_names_a_block_that_was_tampered_with(
    book: Book, pool: AsyncConnectionPool, table: str, sql: str
) -> None:
    await sealed(book, 7, most=3)
    async with pool.connection() as conn:
        with pytest.raises(psycopg.Error, match="append-only"):
            await conn.execute(sql.encode())
        await conn.rollback()
        await conn.execute(f"alter table cala.{table} disable trigger {table}_append_only".encode())
        await conn.execute(sql.encode())
        await conn.execute(f"alter table cala.{table} enable trigger {table}_append_only".encode())
        assert "sealed block" in {violation.rule for violation in await verify(conn)}
        await conn.rollback()


async def test_a_late_commit_is_not_skipped(book: Book, pool: AsyncConnectionPool) -> None:
    """A posting under way holds the seal back; what it then commits is in the chain."""
    first, second = await book.open(sets=()), await book.open(sets=())
    other = await book.open(sets=(), limited=False)
    async with pool.connection() as slow:
        await book.ledger.post([book.tx("RECORD_DEPOSIT", first, 1, omnibus=other)], conn=slow)
        # a later position is committed while the lower one is still under way
        await book.ledger.post([book.tx("RECORD_DEPOSIT", second, 2)])
        sealing = asyncio.create_task(book.ledger.seal(NOON))
        async with pool.connection() as look:
            for _ in range(1_000):
                found = await look.execute(
                    "select 1 from pg_locks where locktype = 'advisory' and not granted"
                    " and database = (select oid from pg_database where datname = current_database())"
                )
                if await found.fetchone():
                    break
                await look.rollback()
            else:
                pytest.fail("the seal did not wait for the posting under way")
        await slow.commit()
    assert await sealing == 2
    async with pool.connection() as conn:
        assert await verify(conn) == []


@pytest.mark.parametrize("most", [-1, MOST + 1])
async def test_a_block_is_bounded(book: Book, pool: AsyncConnectionPool, most: int) -> None:
    await sealed(book, 1, most=0)
    with pytest.raises(errors.PageTooLarge):
        await book.ledger.seal(NOON, most=most)
    assert await book.ledger.seal(NOON, most=MOST) == 1
    assert await book.ledger.seal(NOON, most=0) == 0


async def test_sealer_against_sealer(book: Book, pool: AsyncConnectionPool) -> None:
    account = await book.open()
    for n in range(1, 31):
        await book.ledger.post([book.tx("RECORD_DEPOSIT", account, n)])
    total = 0
    while total < 30:
        counts = await asyncio.gather(*(book.ledger.seal(NOON, most=5) for _ in range(3)))
        total += sum(counts)
        assert sum(counts)
    async with pool.connection() as conn:
        row = await (await conn.execute("select sum(transaction_count) from cala.blocks")).fetchone()
        assert row == (30,)
        assert await verify(conn) == []
