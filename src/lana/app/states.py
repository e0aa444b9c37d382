"""State rows as they are stored and as their events make them, so that the two can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

import msgspec

from lana.lib.es.entity import Entity
from lana.lib.es.repo import Repo


def columns(repo: Repo[Any]) -> str:
    """The columns of a state row, in the order of `row_of`."""
    return ", ".join(("id", "version", "created_at", "state", *(c.name for c in repo.columns)))


def folded(repo: Repo[Any], events: Sequence[tuple[bytes, datetime]]) -> tuple[object, ...] | None:
    """The state row that the events make."""
    if not events:
        return None
    return _comparable(repo, repo.row_of(rebuild(repo, events)))


def rebuild(repo: Repo[Any], events: Sequence[tuple[bytes, datetime]]) -> Entity[Any]:
    """The entity its events make: data and recorded time of each, in order, at least one."""
    entity = cast("Entity[Any]", repo.entity.fold([repo.decode_event(data) for data, _ in events]))
    entity.created_at = events[0][1]
    return entity


def stored(repo: Repo[Any], row: Sequence[object]) -> tuple[object, ...]:
    """The stored row, its lists as they travel."""
    values = [msgspec.json.encode(v).decode() if isinstance(v, list) else v for v in row]
    return _comparable(repo, values)


def _comparable(repo: Repo[Any], row: Sequence[object]) -> tuple[object, ...]:
    """JSON documents by their content, whatever the order of keys."""
    return tuple(
        cast("object", msgspec.json.decode(cast("bytes | str", value)))
        if pg_type in ("jsonb", "text[]", "uuid[]") and value is not None
        else value
        for pg_type, value in zip(repo.types[1:], row, strict=True)
    )
