"""Sealing posted transactions in blocks of a hash chain, off the posting path.

Positions are drawn before commit, so a look at the newest ones could miss a lower one still under way. Each
seal therefore begins with a moment in which no posting runs (the structure lock, exclusively: it waits for
the postings in flight, and later ones for it, for about the length of one): whatever is at or below the
highest position seen then is settled for good. Hashing holds no lock that a posting wants.

Two sealers: one works, the other goes home. See `chain` for what a block is.
"""

import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import BinaryIO, Final, cast

import psycopg

from cala_ledger import errors
from cala_ledger.chain import FIRST, block_hash, header_of, line_of
from cala_ledger.connection import Connection, Row

MOST: Final = 10_000
_ALONE: Final = b"select pg_advisory_xact_lock(cala.structure_lock())"
_HIGHEST: Final = b"select coalesce(max(position), 0) from cala.transactions"
_SEALER: Final = b"select pg_try_advisory_xact_lock(cala.sealing_lock())"
_LAST: Final = b"select number, last_position, hash from cala.blocks order by number desc limit 1"
_SEALED: Final = b"select * from cala.sealable(%s, %s, %s)"
_INSERT: Final = b"insert into cala.blocks values (%s, %s, %s, %s, %s, %s, %s)"
_BLOCKS: Final = b"""
select number, first_position, last_position, transaction_count, previous, hash, sealed_at
from cala.blocks where number >= %s order by number limit %s
"""
_PAGE: Final = 100


async def seal(conn: Connection, at: datetime, *, most: int = MOST) -> int:
    """Seal the next transactions, at most `most`, as one block; answers how many. `conn`: in no transaction.

    Run it again while it answers `most`. Raises PageTooLarge beyond `MOST`, which a check holds at a time.
    """
    if not 0 <= most <= MOST:
        raise errors.PageTooLarge(first=most, most=MOST)
    async with conn.transaction():
        await conn.execute(_ALONE)
        (horizon,) = await _one(conn, _HIGHEST)
    async with conn.transaction():
        (mine,) = await _one(conn, _SEALER)
        if not mine:
            return 0
        last = await (await conn.execute(_LAST)).fetchone()
        number, after, previous = cast("tuple[int, int, bytes]", last or (0, 0, FIRST))
        rows = await (await conn.execute(_SEALED, [after, horizon, most])).fetchall()
        if not rows:
            return 0
        first, end = cast("int", rows[0][0]), cast("int", rows[-1][0])
        header = header_of(number + 1, first, end, len(rows))
        found = block_hash(previous, header, map(_line, rows))
        await conn.execute(_INSERT, [number + 1, first, end, len(rows), previous, found, at])
        return len(rows)


async def export(conn: Connection, file: BinaryIO, *, from_block: int = 1) -> int:
    """Write sealed blocks with their transactions, for `python chain.py FILE`; answers how many blocks."""
    written = 0
    async for block, rows in _blocks(conn, from_block):
        number, first, last, count, previous, found, sealed_at = block
        head = header_of(number, first, last, count) | {
            "previous": previous.hex(),
            "hash": found.hex(),
            "sealed_at": sealed_at.astimezone(UTC).isoformat(),
        }
        file.write(line_of(head))
        file.writelines(map(_line, rows))
        written += 1
    return written


async def broken_blocks(conn: Connection) -> AsyncGenerator[tuple[int, str], None]:
    """Sealed blocks that are not what the tables hold now: number, reason. Holds one block at a time."""
    previous, number_before = FIRST, 0
    async for block, rows in _blocks(conn, 1):
        number, first, last, count, claimed, found, _ = block
        if number != number_before + 1 or claimed != previous:
            yield number, "does not continue the block before it"
        elif len(rows) != count:
            yield number, f"{len(rows)} transactions are there, {count} were sealed"
        elif block_hash(previous, header_of(number, first, last, count), map(_line, rows)) != found:
            yield number, "its content is not what was sealed"
        previous, number_before = found, number


async def _blocks(conn: Connection, start: int) -> AsyncGenerator[tuple[Row, list[Row]], None]:
    """Each block with every transaction after the block before it and up to its end."""
    number = start
    row = await (
        await conn.execute(b"select last_position from cala.blocks where number = %s", [start - 1])
    ).fetchone()
    after = cast("int", row[0]) if row else 0
    while page := await (await conn.execute(_BLOCKS, [number, _PAGE])).fetchall():
        for block in page:
            last = cast("int", block[2])
            rows = await (await conn.execute(_SEALED, [after, last, MOST + 1])).fetchall()
            yield block, rows
            after, number = last, cast("int", block[0]) + 1


async def _one(conn: Connection, sql: bytes) -> Row:
    row = await (await conn.execute(sql)).fetchone()
    if row is None:
        raise psycopg.DataError("a row was expected")
    return row


def _line(row: Row) -> bytes:
    (position, tx_id, journal_id, template, effective, recorded_at, description, external_id, correlation_id,
     reverses, metadata, entries) = row  # fmt: skip
    return line_of(
        {
            "position": position,
            "id": str(tx_id),
            "journal_id": str(journal_id),
            "template": template,
            "effective": str(effective),
            "recorded_at": cast("datetime", recorded_at).astimezone(UTC).isoformat(timespec="microseconds"),
            "description": description,
            "external_id": external_id,
            "correlation_id": correlation_id,
            "reverses": None if reverses is None else str(reverses),
            "metadata": metadata,
            "entries": json.loads(cast("str", entries)) if entries else [],
        }
    )
