"""What a request carries beside the document: its envelope, and values that must not come further than the
edge.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

import msgspec

from lana.lib.graphql.errors import IntegerOutOfRange, InvalidBody, InvalidIdempotencyKey, InvalidText

MIN_INT64 = -(2**63)
MAX_INT64 = 2**63 - 1
MAX_NESTING = 64
MAX_NAME = 512
MAX_KEY = 64

_SURROGATE = re.compile("[\ud800-\udfff]")
_VISIBLE = re.compile(rf"[\x21-\x7e]{{1,{MAX_KEY}}}")


class Envelope(msgspec.Struct, frozen=True):
    """A GraphQL request over HTTP."""

    query: str
    operation_name: str | None
    variables: dict[str, object]


def read_envelope(body: bytes) -> Envelope:
    """The request in a body. `InvalidBody` unless it is one; text and numbers nobody
    can store are refused.
    """
    try:
        content = cast("object", msgspec.json.decode(body))
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeError, RecursionError) as error:
        raise InvalidBody(f"not JSON: {error}") from error
    return envelope_of(content)


def envelope_of(content: object) -> Envelope:
    if isinstance(content, list):
        raise InvalidBody("a body is one request, not a list of them")
    if not isinstance(content, dict):
        raise InvalidBody("a body is a JSON object")
    fields = cast("dict[str, object]", content)
    query, name = fields.get("query"), fields.get("operationName")
    variables = fields.get("variables")
    if not isinstance(query, str):
        raise InvalidBody("query must be a text", field="query")
    if name is not None and (not isinstance(name, str) or len(name) > MAX_NAME):
        raise InvalidBody(
            f"operationName must be a text of at most {MAX_NAME} characters", field="operationName"
        )
    if variables is not None and not isinstance(variables, dict):
        raise InvalidBody("variables must be an object", field="variables")
    check_text(query)
    given = cast("dict[str, object]", variables or {})
    check_values(given)
    return Envelope(query, name or None, given)


def check_values(given: Mapping[str, object]) -> None:
    """Walk the variables (bounded). `InvalidText`, `IntegerOutOfRange`, with the variable's name as field."""
    for name, value in given.items():
        check_text(name, field="variables")
        _check(value, name, 0)


def _check(value: object, field: str, depth: int) -> None:
    if depth > MAX_NESTING:
        raise InvalidBody(f"variables nest at most {MAX_NESTING} deep", field=field)
    match value:
        case str():
            check_text(value, field=field)
        case bool():
            pass
        case int():
            if not MIN_INT64 <= value <= MAX_INT64:
                raise IntegerOutOfRange("an integer has at most 64 bits", field=field)
        case list():
            for item in cast("list[object]", value):
                _check(item, field, depth + 1)
        case dict():
            for key, item in cast("dict[str, object]", value).items():
                check_text(key, field=field)
                _check(item, field, depth + 1)
        case _:
            pass


def check_text(text: str, *, field: str | None = None, integer: bool = False) -> None:
    """`InvalidText` for what no text column takes; with `integer`, `IntegerOutOfRange` for what no 64 bits
    hold.
    """
    if integer:
        if len(text) > 20 or not MIN_INT64 <= int(text) <= MAX_INT64:
            raise IntegerOutOfRange("an integer has at most 64 bits", field=field)
    elif "\0" in text or _SURROGATE.search(text):
        raise InvalidText("text must not contain NUL or half a surrogate pair", field=field)


def read_idempotency_key(values: list[str]) -> str | None:
    """The header's one value: a UUID, or up to 64 visible characters. None when there is none."""
    if not values:
        return None
    if len(values) > 1 or not _VISIBLE.fullmatch(values[0]):
        raise InvalidIdempotencyKey(
            f"the header Idempotency-Key takes one UUID or up to {MAX_KEY} visible characters"
        )
    return values[0]
