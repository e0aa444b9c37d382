"""What a client is told when a request goes wrong.

A refusal says its code, kind and message. A mistake in the document or its variables is a refusal of kind
VALIDATION. Anything else is a fault: logged with its request and trace id, answered as INTERNAL with the
request id alone.
"""

from __future__ import annotations

from typing import Any

import structlog
from graphql import GraphQLError

from lana.lib.authz import Ctx
from lana.lib.errors import DatabaseUnavailable, InvalidInput, Kind, Refusal
from lana.lib.pg.faults import is_lost

log = structlog.get_logger()


class GraphqlParseFailed(InvalidInput):
    """The document is not GraphQL."""


class GraphqlValidationFailed(InvalidInput):
    """The document does not fit the schema."""


class GraphqlBadVariables(InvalidInput):
    """The variables do not fit the operation."""


class GraphqlUnknownOperation(InvalidInput):
    """`operationName` names none, or it takes one to choose."""


class GraphqlTooDeep(InvalidInput):
    pass


class GraphqlTooManyAliases(InvalidInput):
    pass


class GraphqlTooManyTokens(InvalidInput):
    pass


class GraphqlTooCostly(InvalidInput):
    pass


class BodyTooLarge(InvalidInput):
    pass


class BodyTooSlow(InvalidInput):
    """The body did not arrive in time."""


class InvalidBody(InvalidInput):
    """The body is not the JSON object a GraphQL request is."""


class UnsupportedContentType(InvalidInput):
    pass


class InvalidText(InvalidInput):
    """Text that cannot be stored: a NUL character or half a surrogate pair."""


class IntegerOutOfRange(InvalidInput):
    """An integer that needs more than 64 bits."""


class InvalidIdempotencyKey(InvalidInput):
    pass


class TimedOut(Refusal):
    """The request took too long. What it asked for may still be done: ask again with the same idempotency
    key.
    """

    kind = Kind.UNAVAILABLE


class TooManyStreams(Refusal):
    kind = Kind.UNAVAILABLE


def refusal_of(error: BaseException | None) -> Refusal | None:
    """The rule behind an error, through whatever wraps it (bounded)."""
    for _ in range(16):
        if error is None or isinstance(error, Refusal):
            return error
        if is_lost(error):
            return DatabaseUnavailable()
        error = error.original_error if isinstance(error, GraphQLError) else error.__cause__
    return None


def of_refusal(refusal: Refusal, ctx: Ctx | None, request_id: str) -> dict[str, Any]:
    """A GraphQL error for a refusal without a place in the document."""
    extensions = {
        "code": refusal.code,
        "kind": refusal.kind.value,
        "requestId": ctx.request_id if ctx else request_id,
    }
    if refusal.field:
        extensions["field"] = refusal.field
    return {"message": refusal.message, "extensions": extensions}


def of_execution(error: GraphQLError, ctx: Ctx) -> dict[str, Any]:
    """A GraphQL error met while executing."""
    refusal = refusal_of(error)
    if refusal is None and error.path is None:  # nothing was executed yet
        refusal = GraphqlBadVariables(error.message)
    if refusal is None:
        return _placed(error, _fault(error, ctx))
    return _placed(error, of_refusal(refusal, ctx, ctx.request_id))


def of_validation(error: GraphQLError, request_id: str) -> dict[str, Any]:
    """A GraphQL error found before executing: the scalar's own refusal, or what the schema says."""
    refusal = refusal_of(error) or GraphqlValidationFailed(error.message)
    return _placed(error, of_refusal(refusal, None, request_id))


def _fault(error: GraphQLError, ctx: Ctx) -> dict[str, Any]:
    log.error(
        "fault in a resolver",
        request_id=ctx.request_id,
        traceparent=ctx.traceparent,
        path=error.path,
        subject=str(ctx.subject),
        exc_info=error.original_error or error,
    )
    return fault_of(ctx.request_id)


def fault_of(request_id: str) -> dict[str, Any]:
    return {
        "message": "Internal error",
        "extensions": {"code": "INTERNAL", "kind": Kind.INTERNAL.value, "requestId": request_id},
    }


def _placed(error: GraphQLError, told: dict[str, Any]) -> dict[str, Any]:
    if error.locations:
        told["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path is not None:
        told["path"] = list(error.path)
    return told
