"""Running one GraphQL request: document, limits, execution, the audit of its reads, and the answer's errors.

Guarantee: the audit of what was read is durable before the answer leaves, of refused reads too. Bound: a
request runs at most `seconds`; a command already on its way is finished by the committer, its caller is told
`TimedOut`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from inspect import isawaitable
from typing import Any, Generic, TypeVar, cast

import structlog
from graphql import ExecutionResult, located_error
from graphql import execute as core_execute  # pyright: ignore[reportUnknownVariableType]
from graphql import subscribe as core_subscribe  # pyright: ignore[reportUnknownVariableType]
from strawberry import Schema

from lana.lib.errors import Refusal
from lana.lib.graphql import errors
from lana.lib.graphql.document import Document, Documents, Invalid
from lana.lib.graphql.input import Envelope
from lana.lib.graphql.limits import Limits
from lana.lib.graphql.request import HasCommands, Request
from lana.lib.graphql.schema import core_schema

log = structlog.get_logger()

A = TypeVar("A")
Answer = dict[str, Any]


class Engine(Generic[A]):
    def __init__(self, schema: Schema, limits: Limits, *, seconds: float = 30.0) -> None:
        self._schema = core_schema(schema)
        self._documents = Documents(self._schema, limits)
        self._seconds = seconds

    async def answer(self, request: Request[A], envelope: Envelope) -> Answer:
        """The answer to a query or mutation. Never raises but for cancellation."""
        try:
            document = self._document(envelope)
            if document.is_subscription(envelope.operation_name):
                raise errors.GraphqlUnknownOperation("a subscription is asked for at /graphql/stream")
            return await self._execute(request, document, envelope)
        except Invalid as invalid:
            return _invalid(invalid, request)
        except Refusal as refusal:
            return {"errors": [errors.of_refusal(refusal, request.ctx, "")]}
        except Exception:  # noqa: BLE001 — the edge: whatever it is, the client gets an answer
            return _fault(request)

    async def answers(self, request: Request[A], envelope: Envelope) -> AsyncGenerator[Answer, None]:
        """Answers one after another: a subscription's, or the only one of another operation."""
        try:
            document = self._document(envelope)
            if not document.is_subscription(envelope.operation_name):
                yield await self._execute(request, document, envelope)
                return
        except Invalid as invalid:
            yield _invalid(invalid, request)
            return
        except Refusal as refusal:
            yield {"errors": [errors.of_refusal(refusal, request.ctx, "")]}
            return
        async for answer in self._subscribe(request, document, envelope):
            yield answer

    def _document(self, envelope: Envelope) -> Document:
        document = self._documents.get(envelope.query)
        self._documents.check_cost(document, envelope.operation_name, envelope.variables)
        return document

    async def _execute(self, request: Request[A], document: Document, envelope: Envelope) -> Answer:
        try:
            async with asyncio.timeout(self._seconds):
                result = core_execute(
                    self._schema,
                    document.ast,
                    context_value=request,
                    variable_values=envelope.variables,
                    operation_name=envelope.operation_name,
                )
                if isawaitable(result):
                    result = await result
        except TimeoutError:
            raise errors.TimedOut(f"not answered within {self._seconds:g} seconds") from None
        finally:
            await self._flush(request)
        return _told(result, request)

    async def _flush(self, request: Request[A]) -> None:
        await cast("HasCommands", request.app).commands.flush(request.ctx)

    async def _subscribe(
        self, request: Request[A], document: Document, envelope: Envelope
    ) -> AsyncGenerator[Answer, None]:
        name = envelope.operation_name
        started = core_subscribe(
            self._schema,
            document.ast,
            context_value=request,
            variable_values=envelope.variables,
            operation_name=name,
        )
        stream = await cast("Awaitable[Any]", started) if isawaitable(started) else started
        if isinstance(stream, ExecutionResult):
            await self._flush(request)
            yield _told(stream, request)
            return
        try:
            async for result in cast("AsyncIterator[ExecutionResult]", stream):
                await self._flush(request)
                yield _told(result, request)
        except Exception as error:  # noqa: BLE001 — the source itself ended: a refusal at its start, or a fault
            await self._flush(request)
            field = document.subscribed(name)
            place = [field.alias.value if field.alias else field.name.value]
            yield _told(ExecutionResult(None, [located_error(error, [field], place)]), request)
        finally:
            await cast("Any", stream).aclose()


def _told(result: ExecutionResult, request: Request[A]) -> Answer:
    answer: Answer = {"data": result.data}
    if result.errors:
        if result.data is None and all(error.path is None for error in result.errors):
            answer = {}
        answer["errors"] = [errors.of_execution(error, request.ctx) for error in result.errors]
    return answer


def _invalid(invalid: Invalid, request: Request[A]) -> Answer:
    return {"errors": [errors.of_validation(error, request.ctx.request_id) for error in invalid.errors]}


def _fault(request: Request[A]) -> Answer:
    log.exception(
        "fault in a request", request_id=request.ctx.request_id, traceparent=request.ctx.traceparent
    )
    return {"errors": [errors.fault_of(request.ctx.request_id)]}


__all__ = ["Answer", "Engine"]
