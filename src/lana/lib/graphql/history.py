"""What of a stored event an API may show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from lana.lib.errors import InvalidInput
from lana.lib.pg.page import CursorDestructureError, decode_cursor, encode_cursor

_UUID = re.compile(r"(urn:uuid:)?\{?[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\}?")
_DIGEST = "_digest"
_GONE = object()


class InvalidCursor(InvalidInput):
    """A history's cursor is `{"sequence":n}`."""


def scrub(data: Mapping[str, object], personal: Mapping[str, object]) -> dict[str, object]:
    """A stored event without its tag, ids and digests.

    Dropped: the top-level `type`; at every depth keys named `id` or ending in `_id`, and values that are
    UUIDs. Lists under `*_ids` stay. `<field>_digest` becomes `<field>` with the current personal value, null
    after erasure.
    """
    return _mapping({key: value for key, value in data.items() if key != "type"}, personal)


def _mapping(data: Mapping[str, object], personal: Mapping[str, object]) -> dict[str, object]:
    shown: dict[str, object] = {}
    for key, value in data.items():
        if key == "id" or key.endswith("_id"):
            continue
        if key.endswith(_DIGEST):
            field = key.removesuffix(_DIGEST)
            shown[field] = personal.get(field)
        elif key.endswith("_ids") and isinstance(value, list):
            shown[key] = cast("object", value)
        elif (kept := _value(value, personal)) is not _GONE:
            shown[key] = kept
    return shown


def _value(value: object, personal: Mapping[str, object]) -> object:
    match value:
        case str():
            return _GONE if _UUID.fullmatch(value) else value
        case dict():
            return _mapping(cast("dict[str, object]", value), personal)
        case list():
            items = [_value(item, personal) for item in cast("list[object]", value)]
            return [item for item in items if item is not _GONE]
        case _:
            return value


def history_cursor(sequence: int) -> str:
    """`eyJzZXF1ZW5jZSI6M30` for 3."""
    return encode_cursor({"sequence": sequence})


def sequence_before(after: str | None) -> int | None:
    """The sequence a history page continues below; None for the first page."""
    if after is None:
        return None
    try:
        sequence = decode_cursor(after, frozenset({"sequence"}))["sequence"]
    except CursorDestructureError as error:
        raise InvalidCursor(error.detail, field="after") from error
    if type(sequence) is not int or not 0 < sequence < 2**63:
        raise InvalidCursor(f"{sequence!r} is no sequence", field="after")
    return sequence
