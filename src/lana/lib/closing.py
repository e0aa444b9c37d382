"""What a domain adds to the end of the day: pages of work that go past what fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from typing import TypeVar

import msgspec
import psycopg
from psycopg_pool import PoolTimeout

from lana.lib.errors import Busy
from lana.lib.tasks import end_if_cancelled

T = TypeVar("T")


class Closing(msgspec.Struct, frozen=True):
    """The closing a run is for: `day` for what is due by date, `instant` for periods that have ended."""

    day: date
    instant: datetime
    timezone: str


class ItemFailure(msgspec.Struct, frozen=True):
    """One thing a page could not do; the run goes past it and keeps it."""

    item: str
    error: str


class PageDone(msgspec.Struct, frozen=True):
    """`cursor` None means that the step has nothing left for this closing."""

    cursor: str | None
    done: int = 0
    failures: Sequence[ItemFailure] = ()


async def in_halves(
    items: Sequence[T], work: Callable[[list[T]], Awaitable[int]]
) -> tuple[int, list[ItemFailure]]:
    """All items in one go; what fails is cut in two until the item at fault stands alone.

    `work` answers how many it did, and may be asked again for items it did already. Where the database is
    away nobody is at fault: that is raised.
    """
    done, failures = 0, list[ItemFailure]()
    waiting = [list(items)] if items else []
    # at most two tries for each item
    while waiting:
        some = waiting.pop()
        try:
            done += await work(some)
        except (Busy, psycopg.OperationalError, PoolTimeout):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is one item's and is listed
            end_if_cancelled(error)
            half = len(some) // 2
            if half:
                waiting += [some[half:], some[:half]]
            else:
                failures.append(ItemFailure(str(some[0]), f"{type(error).__name__}: {error}"))
    return done, failures
