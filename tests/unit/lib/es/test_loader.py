"""What is wanted at one moment is asked for once; nobody gets a row older than the question."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from lana.lib.es.loader import MAX_IDS, Loader


class Rows:
    """A table whose reads can be held up."""

    def __init__(self) -> None:
        self.version = 1
        self.missing: set[UUID] = set()
        self.asked: list[list[UUID]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.error: Exception | None = None

    async def load(self, ids: Sequence[UUID]) -> dict[UUID, int]:
        self.asked.append(list(ids))
        version = self.version
        await self.open.wait()
        if self.error:
            raise self.error
        return {one: version for one in ids if one not in self.missing}


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.fixture
def loader(rows: Rows) -> Loader[int]:
    return Loader(rows.load)


async def test_loads_of_one_moment_are_one_statement(rows: Rows, loader: Loader[int]) -> None:
    ids = [uuid4() for _ in range(20)]
    assert await asyncio.gather(*(loader.load(one) for one in ids * 3)) == [1] * 60
    assert len(rows.asked) == 1
    assert sorted(rows.asked[0]) == sorted(ids)


async def test_what_is_not_there_is_none(rows: Rows, loader: Loader[int]) -> None:
    there, gone = uuid4(), uuid4()
    rows.missing.add(gone)
    assert await asyncio.gather(loader.load(there), loader.load(gone)) == [1, None]


async def test_a_caller_never_joins_a_statement_already_sent(rows: Rows, loader: Loader[int]) -> None:
    one = uuid4()
    rows.open.clear()
    early = asyncio.create_task(loader.load(one))
    while not rows.asked:
        await asyncio.sleep(0)
    rows.version = 2
    late = asyncio.create_task(loader.load(one))
    await asyncio.sleep(0)
    rows.open.set()
    assert (await early, await late) == (1, 2)


async def test_a_statement_asks_for_a_bounded_number_of_ids(rows: Rows, loader: Loader[int]) -> None:
    await asyncio.gather(*(loader.load(uuid4()) for _ in range(MAX_IDS * 2 + 1)))
    assert [len(ids) for ids in rows.asked] == [MAX_IDS, MAX_IDS, 1]


async def test_an_error_is_told_to_every_caller_of_its_statement_and_to_no_other(
    rows: Rows, loader: Loader[int]
) -> None:
    rows.error = ConnectionError("gone")
    results = await asyncio.gather(*(loader.load(uuid4()) for _ in range(5)), return_exceptions=True)
    assert [type(result) for result in results] == [ConnectionError] * 5
    rows.error = None
    assert await loader.load(uuid4()) == 1


async def test_a_caller_that_goes_away_takes_nobody_with_it(rows: Rows, loader: Loader[int]) -> None:
    one = uuid4()
    rows.open.clear()
    leaving, staying = (asyncio.create_task(loader.load(one)) for _ in range(2))
    while not rows.asked:
        await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    rows.open.set()
    assert await staying == 1
    assert leaving.cancelled()


async def test_several_wanted_at_once_share_the_statement_with_others(
    rows: Rows, loader: Loader[int]
) -> None:
    first, second, gone = uuid4(), uuid4(), uuid4()
    rows.missing.add(gone)
    several = loader.load_many([first, second, gone])
    assert await asyncio.gather(several, loader.load(first)) == [{first: 1, second: 1}, 1]
    assert len(rows.asked) == 1
