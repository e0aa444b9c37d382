"""What a domain adds to the end of the day."""

from __future__ import annotations

from typing import Protocol

from lana.lib.closing import Closing, ItemFailure, PageDone

__all__ = ["Closing", "ItemFailure", "PageDone", "Step"]


class Step(Protocol):
    """Works in pages of bounded size. A page may be asked for twice (after a crash): the second time it does
    nothing.

    An exception stops the run; it is tried again from the last finished page, later days wait.
    """

    @property
    def name(self) -> str: ...

    async def page(self, closing: Closing, cursor: str | None) -> PageDone: ...
