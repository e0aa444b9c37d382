from __future__ import annotations

import psycopg
import pytest

from lana.lib.closing import in_halves
from lana.lib.errors import Busy


class Work:
    """Does all but the items at fault, of which one spoils its whole page."""

    def __init__(self, *bad: int) -> None:
        self.bad = frozenset(bad)
        self.did: list[int] = []
        self.tries = 0

    async def __call__(self, items: list[int]) -> int:
        self.tries += 1
        if self.bad & set(items):
            raise ValueError("cannot")
        self.did += items
        return len(items)


async def test_a_page_without_faults_is_done_in_one_go() -> None:
    work = Work()
    assert await in_halves(range(500), work) == (500, [])
    assert work.tries == 1


async def test_nothing_to_do_is_not_asked_for() -> None:
    work = Work()
    assert await in_halves([], work) == (0, [])
    assert work.tries == 0


async def test_what_is_at_fault_is_listed_and_all_else_is_done_in_order() -> None:
    work = Work(7, 300)
    done, failures = await in_halves(range(500), work)
    assert done == 498
    assert work.did == [n for n in range(500) if n not in (7, 300)]
    assert [(failure.item, failure.error) for failure in failures] == [
        ("7", "ValueError: cannot"),
        ("300", "ValueError: cannot"),
    ]
    assert work.tries < 50


async def test_when_all_are_at_fault_it_ends() -> None:
    work = Work(*range(8))
    done, failures = await in_halves(range(8), work)
    assert (done, len(failures), work.tries) == (0, 8, 15)


@pytest.mark.parametrize("away", [Busy("full"), psycopg.OperationalError("gone")])
async def test_a_database_that_is_away_is_nobodys_fault(away: Exception) -> None:
    async def work(items: list[int]) -> int:
        raise away

    with pytest.raises(type(away)):
        await in_halves([1, 2], work)
