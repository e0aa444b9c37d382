"""The README: its example as a program of its own, its other pieces one after the other."""

import ast
import io
import re
import subprocess
import sys
from datetime import UTC, date, datetime
from inspect import CO_COROUTINE
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any
from uuid import UUID, uuid4

from ledger_book import TODAY, Book
from psycopg_pool import AsyncConnectionPool

import cala_ledger
from cala_ledger import Ledger, TransactionInput

README = Path(__file__).parent.parent / "README.md"


def test_the_example_runs_and_prints_what_the_readme_says(dsn: str, tmp_path: Path) -> None:
    text = README.read_text(encoding="utf-8")
    found = re.search(r"## Example\n\n```python\n(.*?)```", text, re.DOTALL)
    assert found is not None
    program = tmp_path / "example.py"
    program.write_text(found[1], encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, str(program), dsn], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    said = re.search(r"It prints (.*?)\.\n", text)
    assert said is not None
    assert ran.stdout.splitlines() == re.findall(r"`([^`]+)`", said[1])


def pieces() -> list[str]:
    """Python of the sections about reading and the like; "In a host's own transaction" has gaps to fill in."""
    text = README.read_text(encoding="utf-8")
    part = text[text.index("## Reading") : text.index("## Guarantees")]
    return re.findall(r"```python\n(.*?)```", part, re.DOTALL)


async def run(piece: str, names: dict[str, Any]) -> None:
    code = compile(piece, str(README), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    assert isinstance(code, CodeType)
    if code.co_flags & CO_COROUTINE:
        await FunctionType(code, names)()
    else:
        exec(code, names)


async def test_every_piece_runs(book: Book, pool: AsyncConnectionPool, dsn: str) -> None:
    ledger = book.ledger
    jane = await book.open()
    async with pool.connection() as conn:
        await conn.execute("create table outbox (payload jsonb)")
    first = book.tx("RECORD_DEPOSIT", jane, 20_000)
    await ledger.post([first])

    def pay(debit: UUID, credit: UUID, cents: int) -> TransactionInput:
        return book.tx("RECORD_DEPOSIT", credit, cents, omnibus=debit)

    names: dict[str, Any] = {name: getattr(cala_ledger, name) for name in cala_ledger.__all__} | {
        "ledger": ledger, "pool": pool, "dsn": dsn, "pay": pay, "uuid4": uuid4, "date": date,
        "JANE": jane, "CASH": book.omnibus, "ROOT": book.root, "TODAY": TODAY,
        "instant": datetime.now(UTC), "now": datetime.now(UTC), "file": (file := io.BytesIO()),
        "transaction_id": first.id, "new_id": uuid4(),
    }  # fmt: skip
    for piece in pieces():
        await run(piece, names)
    assert names["held"] == 20_000
    assert names["look"].balances[jane]["USD"].settled.credit == 20_500
    assert await book.settled(jane) == 500, "posted, reversed, and posted by the poster"
    assert file.getvalue().count(b"\n") >= 3
    assert isinstance(names["ledger"], Ledger)
