"""What a domain adds to the end of the day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

import msgspec


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


class Step(Protocol):
    """Works in pages of bounded size. A page may be asked for twice (after a crash): the second time it does
    nothing.

    An exception stops the run; it is tried again from the last finished page, later days wait.
    """

    @property
    def name(self) -> str: ...

    async def page(self, closing: Closing, cursor: str | None) -> PageDone: ...
