"""Subscriptions fed from the outbox: what changed is loaded again, with its permission check, for each
listener.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any, Protocol, TypeVar, cast
from uuid import UUID

from lana.lib.authz import Ctx
from lana.lib.errors import Refusal
from lana.lib.graphql.request import HasCommands, Request, RowMissing
from lana.lib.outbox import PublicEvent

T = TypeVar("T")
Row = TypeVar("Row")


class News(Protocol):
    """`lana.lib.outbox.tail.Tail`: events from now on, in commit order; a reader that
    is too slow is cut off.
    """

    def subscribe(
        self, wanted: Callable[[PublicEvent], bool]
    ) -> AbstractAsyncContextManager[AsyncIterator[object]]: ...


class HasNews(Protocol):
    @property
    def tail(self) -> News: ...


async def updates(
    request: Request[Any], wanted: Callable[[PublicEvent], bool], load: Callable[[], Awaitable[T]]
) -> AsyncGenerator[T, None]:
    """`load` once to prove that it may be read, then after each wanted event; refusals then are skipped
    silently.

    The listening starts before the first load, so that nothing falls between the two. Each load's audit is
    kept, of the first one too, though it is answered with nothing.
    """
    commands = cast("HasCommands", request.app).commands
    async with cast("HasNews", request.app).tail.subscribe(wanted) as news:
        await load()
        await commands.flush(request.ctx)
        async with aclosing(cast("AsyncGenerator[object, None]", news)) as events:
            async for _ in events:
                try:
                    found = await load()
                except Refusal:
                    await commands.flush(request.ctx)
                    continue
                yield found


def row_updates(
    request: Request[Any],
    wanted: Callable[[PublicEvent], bool],
    find: Callable[[Ctx, UUID], Awaitable[Row | None]],
    row_id: UUID,
    *,
    shown: Callable[[Row], T],
    label: str,
) -> AsyncGenerator[T, None]:
    """`updates` of one row: RowMissing, under its label, while `find` answers None."""

    async def load() -> T:
        found = await find(request.ctx, row_id)
        if found is None:
            raise RowMissing(label)
        return shown(found)

    return updates(request, wanted, load)
