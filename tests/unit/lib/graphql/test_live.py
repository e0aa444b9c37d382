from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from lana.lib.authz import Ctx
from lana.lib.errors import NotAuthorized
from lana.lib.graphql import Request
from lana.lib.graphql.live import updates
from tests.unit.lib.graphql.conftest import Commands


class Tail:
    """Delivers what it was given; `closed` says whether the listener went away in order."""

    def __init__(self, *events: Any) -> None:
        self.events = events
        self.listening = False
        self.closed = False

    @asynccontextmanager
    async def subscribe(self, wanted: Callable[[Any], bool]) -> AsyncIterator[AsyncIterator[Any]]:
        self.listening = True
        yield self._deliver(wanted)
        self.closed = True

    async def _deliver(self, wanted: Callable[[Any], bool]) -> AsyncIterator[Any]:
        for event in self.events:
            if wanted(event):
                yield event


class App:
    def __init__(self, tail: Tail) -> None:
        self.tail = tail
        self.commands = Commands()


async def test_each_wanted_event_loads_anew_and_the_first_load_says_nothing() -> None:
    app = App(Tail("mine", "other", "mine"))
    loads: list[bool] = []

    async def load() -> int:
        loads.append(app.tail.listening)
        return len(loads)

    request = Request(app, Ctx.system("test"))
    assert [n async for n in updates(request, lambda event: event == "mine", load)] == [2, 3]
    assert loads[0], "the first load comes after the listening began"
    assert app.tail.closed


async def test_an_event_whose_load_is_refused_is_skipped_and_its_audit_kept() -> None:
    app = App(Tail("a", "b", "c"))
    answers: list[int | None] = [0, 1, None, 3]

    async def load() -> int:
        answer = answers.pop(0)
        if answer is None:
            raise NotAuthorized
        return answer

    request = Request(app, Ctx.system("test"))
    assert [n async for n in updates(request, lambda _: True, load)] == [1, 3]
    assert app.commands.flushed == 2, "of the first load and of the refused one"
