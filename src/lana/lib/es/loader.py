"""Gathered loads: what many callers want at one moment is asked for in one statement.

Guarantee: a row answered was read after the caller asked (a caller never joins a statement already sent).
Cost: none for a caller alone; under load a caller waits for at most the statement in flight. Bound: `MAX_IDS`
ids, or other keys, a statement.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from typing import Generic, TypeVar
from uuid import UUID

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

MAX_IDS = 512


class KeyedLoader(Generic[K, T]):
    def __init__(self, load: Callable[[Sequence[K]], Awaitable[dict[K, T]]]) -> None:
        self._load = load
        self._waiting: dict[K, list[asyncio.Future[T | None]]] = {}
        self._running: asyncio.Task[None] | None = None

    async def load(self, wanted: K) -> T | None:
        return await self._ask(wanted)

    async def load_many(self, wanted: Iterable[K]) -> dict[K, T]:
        """Those that exist."""
        asked = {one: self._ask(one) for one in wanted}
        found = await asyncio.gather(*asked.values())
        return {one: row for one, row in zip(asked, found, strict=True) if row is not None}

    def _ask(self, wanted: K) -> asyncio.Future[T | None]:
        future: asyncio.Future[T | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(wanted, []).append(future)
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return future

    async def _run(self) -> None:
        while self._waiting:
            batch = {i: self._waiting.pop(i) for i in list(self._waiting)[:MAX_IDS]}
            try:
                found = await self._load(list(batch))
            except BaseException as error:  # every caller of this statement hears of it
                for future in (f for futures in batch.values() for f in futures):
                    if not future.done():
                        future.set_exception(error)
                if not isinstance(error, Exception):
                    raise
                continue
            for wanted, futures in batch.items():
                for future in futures:
                    if not future.done():
                        future.set_result(found.get(wanted))


class Loader(KeyedLoader[UUID, T]):
    """By id, as nearly all are."""
