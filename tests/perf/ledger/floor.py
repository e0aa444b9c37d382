"""The floor: pgbench writing the rows of a transaction of two entries, on the ledger's own tables."""

from __future__ import annotations

from pathlib import Path

import psycopg

from tests.perf.ledger.ours import AMOUNT, TODAY, Book
from tests.perf.pgbench import Script

SQL = Path(__file__).with_name("floor.sql")


def prepare(book: Book, dsn: str, program: Path, at: Path) -> Script:
    """The script for this book, whose plain accounts are numbered for pgbench to choose by."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create schema bench")
        connection.execute("create table bench.accounts (n int primary key, account_id uuid not null)")
        with connection.cursor().copy("copy bench.accounts from stdin") as copy:
            for row in enumerate(book.plain, 1):
                copy.write_row(row)
        connection.execute("analyze bench.accounts")
        template = connection.execute("select id from cala.templates where code = 'PAY'").fetchone()
    assert template
    file = at / "ledger-floor.sql"
    file.write_text(
        SQL.read_text().format(
            accounts=len(book.plain),
            amount=AMOUNT,
            digest="5a" * 16,
            journal=book.journal,
            template=template[0],
            effective=TODAY,
        )
    )
    return Script(program, file, dsn, book.postmaster)
