"""Ends of days that are broken off, disturbed, or go past something."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from lana.lib.closing import Closing, PageDone
from lana.lib.es.op import Op
from lana.processes.end_of_day import EndOfDayRunner, Producer, Step
from tests.support.lending import Lender


class Broken:
    """A step whose process dies right after the work of a page, before the run has noted it."""

    def __init__(self, step: Step, page: int = 1) -> None:
        self._step = step
        self._left = page
        self.name = step.name
        self.broken = False
        self.done = 0

    async def page(self, closing: Closing, cursor: str | None) -> PageDone:
        page = await self._step.page(closing, cursor)
        self._left -= 1
        if self._left == 0:
            self.broken, self.done = True, page.done
            raise ConnectionAbortedError("killed")
        return page


class Meanwhile:
    """A step before whose pages something else happens."""

    def __init__(self, step: Step, act: Callable[[], Awaitable[None]]) -> None:
        self._step = step
        self._act = act
        self.name = step.name
        self.done = 0

    async def page(self, closing: Closing, cursor: str | None) -> PageDone:
        await self._act()
        page = await self._step.page(closing, cursor)
        self.done += page.done
        return page


def runner(lender: Lender, steps: Sequence[Step]) -> EndOfDayRunner:
    app = lender.app
    return EndOfDayRunner(app.db, Producer(app.db, app.commands, app.bank_time), steps)


async def advance(lender: Lender, days: int = 1) -> None:
    """To the next closings, and nothing is run."""
    for _ in range(days):
        clock = await lender.app.commands.run(lender.ctx, lender.app.time.advance_to_next_end_of_day)
        await lender.app.time.after_advance(clock)


async def failures(lender: Lender) -> Sequence[tuple[str, str]]:
    """What the newest run went past: which step, and why."""
    (run,) = await lender.app.end_of_day.runs.latest(1)
    assert run.state == "completed"
    return [(each.step, each.error) for each in run.failures]


async def set_status(lender: Lender, account_id: UUID, *, locked: bool) -> None:
    """Of an account in the books: locked, it takes no postings."""

    async def change(op: Op) -> None:
        (op.lock_account if locked else op.unlock_account)(account_id)

    await lender.app.commands.run(lender.ctx, change)
