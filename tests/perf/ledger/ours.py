"""The loads, through the library's own interface."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID, uuid4

from psycopg_pool import AsyncConnectionPool

from cala_ledger import (
    Direction,
    EntrySpec,
    Ledger,
    Limit,
    NewAccount,
    NewSet,
    Param,
    ParamType,
    Poster,
    SteadyConnection,
    Template,
    Templates,
    TransactionInput,
    TransactionSpec,
    migrate,
    verify,
)
from tests.perf import cpu
from tests.perf.measure import Series, drive

ACCOUNTS = 1_000
SET_OF = 10_000
DAYS = 1_000
BATCH = 1_000
TODAY = date(2026, 1, 1)
LONG_AGO = TODAY - timedelta(days=DAYS - 1)
LIMIT = 10**15
AMOUNT = 100

PAY = Template(
    code="PAY",
    params=(
        Param(name="journal", type=ParamType.UUID),
        Param(name="debit", type=ParamType.UUID),
        Param(name="credit", type=ParamType.UUID),
        Param(name="amount", type=ParamType.INTEGER),
        Param(name="effective", type=ParamType.DATE),
    ),
    transaction=TransactionSpec(journal_id="params.journal", effective="params.effective"),
    entries=tuple(
        EntrySpec(
            entry_type=f"'PAY_{side}'",
            account_id=f"params.{side.lower()}",
            layer="SETTLED",
            direction=side,
            amount="params.amount",
            currency="'USD'",
        )
        for side in ("DEBIT", "CREDIT")
    ),
)

Work = Callable[[int], Awaitable[None]]


@dataclass
class Book:
    """Accounts for each case, and the two ways to post."""

    ledger: Ledger
    poster: Poster
    pool: AsyncConnectionPool
    postmaster: int
    journal: UUID
    plain: list[UUID]
    limited: list[UUID]
    nested: list[UUID]
    hot: UUID
    aged: UUID
    big_set: UUID
    sent: int = 0

    def tx(self, debit: UUID, credit: UUID, on: date = TODAY) -> TransactionInput:
        params = {
            "journal": self.journal,
            "debit": debit,
            "credit": credit,
            "amount": AMOUNT,
            "effective": on,
        }
        return TransactionInput(id=uuid4(), template="PAY", params=params)

    def work(self, case: str) -> tuple[Work, int]:
        """One call of a case, and how many transactions it posts."""

        async def pairs(_: int) -> None:
            await self.poster.post([self.tx(*random.sample(self.plain, 2))])

        async def hot(_: int) -> None:
            await self.poster.post([self.tx(random.choice(self.plain), self.hot)])

        async def sets(_: int) -> None:
            await self.poster.post([self.tx(*random.sample(self.nested, 2))])

        async def limit(_: int) -> None:
            await self.poster.post([self.tx(random.choice(self.limited), random.choice(self.plain))])

        async def batch(_: int) -> None:
            await self.ledger.post([self.tx(*random.sample(self.plain, 2)) for _ in range(BATCH)])

        async def back(_: int) -> None:
            await self.poster.post([self.tx(self.aged, random.choice(self.plain), LONG_AGO)])

        async def today(_: int) -> None:
            await self.poster.post([self.tx(self.aged, random.choice(self.plain), TODAY)])

        async def account(_: int) -> None:
            await self.ledger.balances.now([self.plain[0]])

        async def of_set(_: int) -> None:
            await self.ledger.balances.now([self.big_set])

        async def as_of_today(_: int) -> None:
            await self.ledger.balances.as_of([self.aged], TODAY)

        async def as_of_long_ago(_: int) -> None:
            await self.ledger.balances.as_of([self.aged], LONG_AGO)

        async def as_of_middle(_: int) -> None:
            await self.ledger.balances.as_of([self.aged], TODAY - timedelta(days=DAYS // 2))

        works: dict[str, Work] = {
            "pairs": pairs, "hot": hot, "sets": sets, "limit": limit, "batch": batch, "back": back,
            "today": today, "account": account, "set": of_set, "as of today": as_of_today,
            "as of long ago": as_of_long_ago, "as of the middle": as_of_middle,
        }  # fmt: skip
        return works[case], BATCH if case == "batch" else 1

    def probe(self) -> dict[str, float]:
        return {
            "client_cpu": time.process_time(),
            "server_cpu": cpu.of_server(self.postmaster),
            "batches": self.poster.batches,
            "written": self.poster.calls,
        }

    async def measure(self, case: str, callers: int, seconds: float) -> Series:
        work, each = self.work(case)
        series = await drive(work, callers, seconds, self.probe)
        series.rate_given = series.count * each / series.seconds
        return series

    async def violations(self) -> int:
        async with self.pool.connection() as conn:
            return len(await verify(conn))


@asynccontextmanager
async def opened(dsn: str, postmaster: int) -> AsyncIterator[Book]:
    """A migrated book with its accounts, sets and a long history."""
    migrate(dsn)
    async with (
        AsyncConnectionPool(
            dsn, min_size=1, max_size=4, open=False, connection_class=SteadyConnection
        ) as pool,
        Poster(dsn, Templates([PAY])) as poster,
    ):
        ledger = Ledger(pool, Templates([PAY]))
        journal = uuid4()
        await ledger.journals.create(journal, f"BENCH-{journal}", "Bench")
        await ledger.templates.ensure(PAY)
        limit = Limit(id=uuid4(), name="No net debit beyond", amount=LIMIT)
        await ledger.limits.ensure(limit)

        async def accounts(
            count: int, sets: tuple[UUID, ...] = (), limits: tuple[UUID, ...] = ()
        ) -> list[UUID]:
            made = [
                NewAccount(
                    id=(one := uuid4()),
                    journal_id=journal,
                    code=str(one),
                    name="A",
                    normal_side=Direction.CREDIT,
                    sets=sets,
                    limits=limits,
                )
                for _ in range(count)
            ]
            for start in range(0, count, BATCH):
                await ledger.accounts.create_many(made[start : start + BATCH])
            return [one.id for one in made]

        async def new_set(*above: UUID) -> UUID:
            one = uuid4()
            await ledger.sets.create(
                NewSet(id=one, journal_id=journal, name="S", normal_side=Direction.CREDIT, sets=above)
            )
            return one

        outer = await new_set()
        inner = await new_set(outer)
        big_set = await new_set()
        book = Book(
            ledger=ledger,
            poster=poster,
            pool=pool,
            postmaster=postmaster,
            journal=journal,
            plain=await accounts(ACCOUNTS),
            limited=await accounts(ACCOUNTS, limits=(limit.id,)),
            nested=await accounts(ACCOUNTS, sets=(inner,)),
            hot=(await accounts(1))[0],
            aged=(await accounts(1))[0],
            big_set=big_set,
        )
        crowd = await accounts(SET_OF, sets=(big_set,))
        other = book.plain[0]
        history = [book.tx(book.aged, other, TODAY - timedelta(days=day)) for day in range(DAYS)]
        spread = [book.tx(one, other) for one in crowd]
        for start in range(0, len(spread), BATCH):
            await ledger.post(spread[start : start + BATCH])
        await ledger.post(history)
        async with pool.connection() as conn:
            await conn.set_autocommit(True)
            await conn.execute("vacuum analyze")
            await conn.set_autocommit(False)
        yield book
