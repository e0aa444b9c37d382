"""The ledger against a plain model in memory: after each step of a random story, all balances agree.

Balances of all accounts and sets on all dates, and every refusal. `CALA_MODEL_EXAMPLES` sets how many stories.
"""

import asyncio
import os
from datetime import date, timedelta
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_book import Book, open_book
from psycopg_pool import AsyncConnectionPool
from uuid_utils.compat import uuid7

from cala_ledger import (
    Direction,
    Ledger,
    LedgerError,
    Limit,
    NewSet,
    Status,
    StatusChange,
    WindowKey,
    post_statement,
    verify,
)

START = date(2024, 1, 1)
ACCOUNTS, SETS, DAYS = 4, 3, 4
DAILY = 40
DAILY_LIMIT = Limit(
    id=UUID(int=2), name="a day", amount=DAILY, window=(WindowKey("day", "transaction.effective"),)
)
EXAMPLES = int(os.environ.get("CALA_MODEL_EXAMPLES", "25"))

move = st.tuples(
    st.just("move"),
    st.integers(0, ACCOUNTS - 1),
    st.integers(0, ACCOUNTS - 1),
    st.integers(1, 50),
    st.integers(0, DAYS - 1),
)
join = st.tuples(st.just("add"), st.integers(0, SETS - 1), st.integers(0, ACCOUNTS + SETS - 1))
leave = st.tuples(st.just("remove"), st.integers(0, 20))
status = st.tuples(st.sampled_from(["lock", "unlock"]), st.integers(0, ACCOUNTS - 1))
batch = st.tuples(st.just("post"), st.lists(st.lists(move, min_size=1, max_size=3), min_size=1, max_size=6))
undo = st.tuples(st.just("reverse"), st.integers(0, 30), st.integers(0, DAYS - 1))
bind = st.tuples(st.sampled_from(["bind", "loose"]), st.integers(0, ACCOUNTS - 1))
step = st.one_of(batch, batch, batch, join, join, leave, status, undo, bind)


Move = tuple[str, int, int, int, int]


class Model:
    """Postings as a list; the rest is computed. Account 0 has no limit, the others no overdraft.

    An account that is bound may not lose more than `DAILY` net on one effective date, from its binding on.
    """

    def __init__(self) -> None:
        self.postings: list[tuple[int, int, int, int]] = []
        self.reversed: set[int] = set()
        self.locked: set[int] = set()
        self.members: set[tuple[int, int]] = set()
        self.bound: dict[int, int] = {}

    def post(self, moves: list[Move]) -> bool:
        touched = {index for _, debit, credit, _, _ in moves for index in (debit, credit)}
        before = {index: self.balance(index) for index in touched}
        known = len(self.postings)
        self.postings += [(debit, credit, amount, day) for _, debit, credit, amount, day in moves]
        after = {index: self.balance(index) for index in touched}
        broken = any(index and after[index] < before[index] and after[index] < 0 for index in touched)
        if touched & self.locked or broken or any(self.over(index, known) for index in touched):
            del self.postings[known:]
            return False
        return True

    def over(self, index: int, known: int) -> bool:
        """Whether what came after `known` takes a bound account over its day."""
        for day in range(DAYS):
            new, counted = self.lost(index, day, known), self.lost(index, day, self.bound.get(index, 0))
            if index in self.bound and new > 0 and counted > DAILY:
                return True
        return False

    def lost(self, index: int, day: int, since: int) -> int:
        return sum(
            amount * ((debit == index) - (credit == index))
            for debit, credit, amount, on in self.postings[since:]
            if on == day
        )

    def reverse(self, number: int, day: int) -> bool:
        debit, credit, amount, _ = self.postings[number]
        if number in self.reversed or not self.post([("move", credit, debit, amount, day)]):
            return False
        self.reversed.add(number)
        return True

    def below(self, holder: int) -> set[int]:
        """Accounts in a set (numbered after the accounts), or the account itself."""
        if holder < ACCOUNTS:
            return {holder}
        found = [self.below(inner) for outer, inner in self.members if outer == holder]
        return set().union(*found)

    def holds(self, holder: int, inner: int) -> bool:
        return holder == inner or any(
            outer == holder and self.holds(next_, inner) for outer, next_ in self.members
        )

    def balance(self, holder: int, day: int = DAYS) -> int:
        accounts = self.below(holder)
        return sum(
            amount * ((credit in accounts) - (debit in accounts))
            for debit, credit, amount, on in self.postings
            if on <= day
        )

    def add(self, outer: int, inner: int) -> bool:
        if (outer, inner) in self.members or self.holds(inner, outer):
            return False
        self.members.add((outer, inner))
        return True

    def remove(self, outer: int, inner: int) -> bool:
        self.members.remove((outer, inner))
        return True


class Story:
    """Runs the same steps on the ledger and on the model and compares every answer."""

    def __init__(self, book: Book, pool: AsyncConnectionPool, ids: list[UUID]) -> None:
        self.book, self.pool, self.ids, self.model = book, pool, ids, Model()
        self.posted: list[UUID] = []

    async def run(self, steps: list[tuple[object, ...]]) -> None:
        for kind, *args in steps:
            await getattr(self, str(kind))(*args)
            await self.compare()

    async def post(self, groups: list[list[tuple[str, int, int, int, int]]]) -> None:
        prepare = self.book.ledger.templates.registry.prepare
        given = [
            (
                n,
                [
                    prepare(
                        self.book.tx(
                            "REVERT_DEPOSIT",
                            self.ids[debit],
                            amount,
                            on=START + timedelta(days=day),
                            omnibus=self.ids[credit],
                        )
                    )
                    for _, debit, credit, amount, day in moves
                ],
            )
            for n, moves in enumerate(groups)
        ]
        async with self.pool.connection() as conn:
            cursor = await conn.execute(*post_statement(given))
            refused = {row[0] for row in await cursor.fetchall()}
        assert refused == {n for n, moves in enumerate(groups) if not self.model.post(moves)}
        self.posted += [each.id for n, group in given if n not in refused for each in group]

    async def reverse(self, pick: int, day: int) -> None:
        """One of the transactions there are, reversals among them."""
        if not self.posted:
            return
        number, new_id = pick % len(self.posted), uuid7()
        try:
            await self.book.ledger.reverse(self.posted[number], new_id, effective=START + timedelta(days=day))
            done = True
        except LedgerError:
            done = False
        assert done == self.model.reverse(number, day)
        self.posted += [new_id] if done else []

    async def bind(self, index: int) -> None:
        await self.book.ledger.limits.attach(DAILY_LIMIT.id, [self.ids[index]])
        self.model.bound.setdefault(index, len(self.model.postings))

    async def loose(self, index: int) -> None:
        await self.book.ledger.limits.detach(DAILY_LIMIT.id, [self.ids[index]])
        self.model.bound.pop(index, None)

    async def add(self, outer: int, inner: int) -> None:
        await self.change("add_member", self.model.add, outer, inner)

    async def remove(self, pick: int) -> None:
        """One of the memberships there are: a random pair would hardly ever be one."""
        if self.model.members:
            outer, inner = sorted(self.model.members)[pick % len(self.model.members)]
            await self.change("remove_member", self.model.remove, outer - ACCOUNTS, inner)

    async def change(self, name: str, expected: object, outer: int, inner: int) -> None:
        try:
            await getattr(self.book.ledger.sets, name)(self.ids[ACCOUNTS + outer], self.ids[inner])
            done = True
        except LedgerError:
            done = False
        assert done == expected(ACCOUNTS + outer, inner)

    async def lock(self, index: int) -> None:
        await self.book.ledger.post([], status_changes=[StatusChange(self.ids[index], Status.LOCKED)])
        self.model.locked.add(index)

    async def unlock(self, index: int) -> None:
        await self.book.ledger.accounts.set_status(self.ids[index], Status.ACTIVE)
        self.model.locked.discard(index)

    async def compare(self) -> None:
        for day in range(DAYS):
            found = await self.book.ledger.balances.as_of(self.ids, START + timedelta(days=day))
            nets = [
                found[each]["USD"].settled.net(Direction.CREDIT) if found[each] else 0 for each in self.ids
            ]
            assert nets == [self.model.balance(index, day) for index in range(len(self.ids))]
        found = await self.book.ledger.balances.now(self.ids)
        nets = [found[each]["USD"].settled.net(Direction.CREDIT) if found[each] else 0 for each in self.ids]
        assert nets == [self.model.balance(index) for index in range(len(self.ids))]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(step, min_size=3, max_size=14))
def test_ledger_and_model_agree_on_all_dates(dsn: str, steps: list[tuple[object, ...]]) -> None:
    async def play() -> None:
        async with AsyncConnectionPool(dsn, min_size=1, max_size=1, open=False) as pool:
            book = await open_book(Ledger(pool))
            await book.ledger.limits.ensure(DAILY_LIMIT)
            first = await book.open(limited=False, sets=())
            ids = [first, *[await book.open(sets=()) for _ in range(ACCOUNTS - 1)]]
            for _ in range(SETS):
                opened = NewSet(id=uuid7(), journal_id=book.journal, name="S", normal_side=Direction.CREDIT)
                await book.ledger.sets.create(opened)
                ids.append(opened.id)
            await Story(book, pool, ids).run(steps)
            async with pool.connection() as conn:
                assert await verify(conn) == []

    asyncio.run(play())
