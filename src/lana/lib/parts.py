"""Many things done by a few large Ops, each in halves where something is at fault.

Two Ops are under way at a time: one is decided here while the database writes the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from uuid import UUID

import structlog

from lana.lib.authz import Ctx
from lana.lib.closing import Closing, ItemFailure, in_halves
from lana.lib.errors import Busy, DatabaseUnavailable
from lana.lib.es.commands import Commands
from lana.lib.es.op import Op

log = structlog.get_logger()

AN_OP: Final = 500
AT_ONCE: Final = 2
PATIENCE: Final = 10
"""Tries of an Op that waited too long behind others, of which nothing was done."""

Verb = Callable[[Op, list[UUID], Closing], Awaitable[int]]
"""Does what it is given, answers how much it did, and does nothing the second time."""


class Parts:
    """`actor` is who does it, for the audit."""

    def __init__(self, commands: Commands, actor: str) -> None:
        self._commands = commands
        self._actor = actor

    async def do(
        self, verb: Verb, ids: Sequence[UUID], closing: Closing
    ) -> tuple[int, Sequence[ItemFailure]]:
        """How much was done, and what could not be."""

        async def work(part: list[UUID]) -> int:
            return await self._patiently(verb, part, closing)

        parts = [list(ids[start : start + AN_OP]) for start in range(0, len(ids), AN_OP)]
        found = await _side_by_side(parts, work)
        return sum(done for done, _ in found), [failure for _, some in found for failure in some]

    async def _patiently(self, verb: Verb, part: list[UUID], closing: Closing) -> int:
        ctx = Ctx.system(self._actor, cause=f"end of {closing.day}")
        for _ in range(PATIENCE - 1):
            try:
                return await self._commands.run(ctx, verb, part, closing)
            except DatabaseUnavailable:
                raise
            except Busy as busy:
                log.info("waited behind others, tried again", items=len(part), reason=str(busy))
        return await self._commands.run(ctx, verb, part, closing)


async def _side_by_side(
    parts: Sequence[list[UUID]], work: Callable[[list[UUID]], Awaitable[int]]
) -> Sequence[tuple[int, Sequence[ItemFailure]]]:
    """All parts, `AT_ONCE` at a time; an error is raised when the others are over."""
    waiting = iter(parts)
    found: list[tuple[int, Sequence[ItemFailure]]] = []

    async def some() -> None:
        found.extend([await in_halves(part, work) for part in waiting])

    ends = await asyncio.gather(*(some() for _ in range(AT_ONCE)), return_exceptions=True)
    for error in ends:
        if error is not None:
            raise error
    return found
