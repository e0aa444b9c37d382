"""Two hundred callers at once on a pool, all kinds of calls: clean afterwards, and nobody saw a fault.

Five seconds here; `CALA_LOAD_SECONDS=60` for the figure in the documentation.
"""

import asyncio
import os
import random
import time
from collections import Counter
from datetime import timedelta

import pytest
from ledger_book import TODAY, Book
from psycopg_pool import AsyncConnectionPool
from uuid_utils.compat import uuid7

from cala_ledger import Direction, Ledger, LedgerError, NewSet, Status, StatusChange, verify

CALLERS = 200
ACCOUNTS = 40
SECONDS = float(os.environ.get("CALA_LOAD_SECONDS", "5"))


@pytest.mark.usefixtures("deadlocks")
async def test_two_hundred_callers_on_a_pool(
    dsn: str, book: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    draw = random.Random(1)
    outcomes: Counter[str] = Counter()
    async with AsyncConnectionPool(dsn, min_size=4, max_size=16, timeout=60, open=False) as pool:
        ledger = Ledger(pool, book.ledger.templates.registry)
        accounts = [await book.open() for _ in range(ACCOUNTS)]
        side = NewSet(id=uuid7(), journal_id=book.journal, name="Side", normal_side=Direction.CREDIT)
        await ledger.sets.create(side)
        posted: list[object] = [uuid7()]

        async def deposits() -> None:
            size = draw.choice([1, 1, 1, 5])
            on = TODAY - timedelta(days=draw.choice([0, 0, 0, 1, 400]))
            given = [book.tx("RECORD_DEPOSIT", draw.choice(accounts), 3, on=on) for _ in range(size)]
            await ledger.post(given)
            posted.append(given[0].id)

        async def withdrawal() -> None:
            await ledger.post([book.tx("REVERT_DEPOSIT", draw.choice(accounts), 4)])

        async def transfer() -> None:
            """Both ways at once: the order of locks is the ledger's, not the callers'."""
            one, other = draw.sample(accounts, 2)
            await ledger.post([book.tx("REVERT_DEPOSIT", one, 1, omnibus=other)])

        async def status() -> None:
            wanted = draw.choice([Status.LOCKED, Status.ACTIVE, Status.ACTIVE])
            await ledger.post([], status_changes=[StatusChange(draw.choice(accounts), wanted)])

        async def membership() -> None:
            change = draw.choice([ledger.sets.add_member, ledger.sets.remove_member])
            await change(side.id, draw.choice(accounts))

        async def reversal() -> None:
            await ledger.reverse(draw.choice(posted), uuid7(), effective=TODAY)  # pyright: ignore

        kinds = [deposits] * 8 + [withdrawal] * 4 + [transfer] * 6 + [status, membership, reversal]
        until = time.monotonic() + SECONDS

        async def caller() -> None:
            while time.monotonic() < until:
                kind = draw.choice(kinds)
                try:
                    await kind()
                    outcomes[f"{kind.__name__} done"] += 1
                except LedgerError as refused:
                    outcomes[f"{kind.__name__} {refused.code}"] += 1

        await asyncio.gather(*(caller() for _ in range(CALLERS)))
        async with pool.connection() as conn:
            assert await verify(conn) == []
    done = {name: count for name, count in outcomes.items() if name.endswith(" done")}
    with capsys.disabled():
        print(
            f"\n{CALLERS} callers, {SECONDS:.0f} s: {sum(done.values()):,} calls done, no fault; {dict(outcomes)}"
        )
    assert {name.split()[0] for name in done} == {kind.__name__ for kind in kinds}
