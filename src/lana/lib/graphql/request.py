"""One request: who asks, the application, and the loads and commands made for it.

`Request` is what resolvers get as `info.context`. Loads asked for in one moment are gathered into one call of
the domain's batch method; nothing is cached between batches, so a resolver after a command sees what the
command did.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, cast
from uuid import UUID

from lana.lib.authz import Ctx
from lana.lib.errors import Kind, Refusal
from lana.lib.es.loader import Loader

if TYPE_CHECKING:
    from lana.lib.es.op import Op

P = ParamSpec("P")
T = TypeVar("T")
A = TypeVar("A")

FindMany = Callable[[Ctx, Sequence[UUID]], Awaitable[Mapping[UUID, T]]]

MAX_PLAIN_NAME = 64


class Runner(Protocol):
    """`lana.lib.es.commands.Commands`, as far as a request needs it."""

    async def run(
        self, ctx: Ctx, verb: Callable[Concatenate[Op, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T: ...

    async def flush(self, ctx: Ctx) -> None: ...


class HasCommands(Protocol):
    @property
    def commands(self) -> Runner: ...


class RowMissing(Refusal):
    """A row that another refers to is not there: `User not found`."""

    kind = Kind.NOT_FOUND
    variant = "NotFound"

    def __init__(self, label: str) -> None:
        self._label = label
        super().__init__(label)

    @property
    def message(self) -> str:
        return f"{self._label} not found"


class Request(Generic[A]):
    """`ctx` collects the audit of reads. `field` is the response name of the mutation being executed."""

    def __init__(self, app: A, ctx: Ctx) -> None:
        self.app = app
        self.ctx = ctx
        self.field = ""
        self._loaders: dict[object, Loader[Any]] = {}

    async def command(
        self, verb: Callable[Concatenate[Op, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a service's verb in an Op of its own. Raises the rule's refusal."""
        return await self._commands.run(self._command_ctx(), verb, *args, **kwargs)

    @property
    def _commands(self) -> Runner:
        return cast("HasCommands", self.app).commands

    def _command_ctx(self) -> Ctx:
        return Ctx(
            subject=self.ctx.subject,
            request_id=self.ctx.request_id,
            idempotency_key=self._command_key(),
            client_address=self.ctx.client_address,
            traceparent=self.ctx.traceparent,
            cause=self.ctx.cause,
        )

    def _command_key(self) -> str | None:
        """The caller's key and the mutation's response name: two mutations of one
        document are two commands.
        """
        if self.ctx.idempotency_key is None:
            return None
        short = (
            self.field
            if len(self.field) <= MAX_PLAIN_NAME
            else hashlib.sha256(self.field.encode()).hexdigest()
        )
        return f"{self.ctx.idempotency_key}:{short}"

    def _loader(self, find_many: FindMany[T]) -> Loader[T]:
        loader = self._loaders.get(find_many)
        if loader is None:

            async def load(ids: Sequence[UUID]) -> dict[UUID, T]:
                return dict(await find_many(self.ctx, ids))

            loader = self._loaders[find_many] = Loader(load)
        return cast("Loader[T]", loader)

    async def load(self, find_many: FindMany[T], wanted: UUID) -> T | None:
        """One of a batch; None when there is none."""
        return await self._loader(find_many).load(wanted)

    async def need(self, find_many: FindMany[T], wanted: UUID, label: str) -> T:
        """One of a batch; refused with `<label> not found` when there is none."""
        found = await self.load(find_many, wanted)
        if found is None:
            raise RowMissing(label)
        return found

    async def load_many(self, find_many: FindMany[T], wanted: Iterable[UUID]) -> list[T]:
        """Those that exist, in the order asked."""
        found = await asyncio.gather(*(self.load(find_many, one) for one in wanted))
        return [one for one in found if one is not None]


__all__ = ["FindMany", "Request", "RowMissing", "Runner"]
