"""Rebuild the state tables from the events, page by page, one transaction each. Safe while the bank is open.

Only rows that differ are written; each page locks its rows first, so a command in between waits or runs
again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

import msgspec

from lana.app.app import App
from lana.app.states import columns, folded, rebuild, stored
from lana.lib.es.repo import Repo
from lana.lib.es.table import arrays
from lana.lib.pg.database import Connection

PAGE: Final = 500

_IDS = """
select distinct entity_id from events where entity_type = %b::text and entity_id > %b::uuid
 order by entity_id limit %b::int8
"""
_EVENTS = """
select entity_id, data, recorded_at from events where entity_type = %b::text and entity_id = any(%b::uuid[])
 order by entity_id, sequence
"""


class Rebuilt(msgspec.Struct):
    kind: str
    looked_at: int = 0
    changed: int = 0


async def replay(app: App, kind: str | None = None) -> list[Rebuilt]:
    """All kinds, or one. KeyError for a kind that does not exist."""
    repos = [app.db.repos[kind]] if kind else [app.db.repos[k] for k in sorted(app.db.repos)]
    return [await _replay(app, cast("Repo[Any]", repo)) for repo in repos]


async def _replay(app: App, repo: Repo[Any]) -> Rebuilt:
    rebuilt = Rebuilt(repo.entity.kind)
    after = UUID(int=0)
    while True:
        async with app.db.transaction() as connection:
            rows = await (await connection.execute(_IDS.encode(), [repo.entity.kind, after, PAGE])).fetchall()
            if not rows:
                return rebuilt
            ids = [cast("UUID", row[0]) for row in rows]
            rebuilt.looked_at += len(ids)
            rebuilt.changed += await _page(connection, repo, ids)
            after = ids[-1]


async def _page(connection: Connection, repo: Repo[Any], ids: list[UUID]) -> int:
    locked = (
        f"select {columns(repo)} from {repo.table} where id = any(%b::uuid[]) order by id for no key update"
    )
    async with connection.cursor(binary=True) as cursor:
        await cursor.execute(locked.encode(), [ids])
        known = {row[0]: stored(repo, row) for row in await cursor.fetchall()}
        await cursor.execute(_EVENTS.encode(), [repo.entity.kind, ids])
        streams: dict[UUID, list[tuple[bytes, datetime]]] = {}
        for entity_id, data, at in await cursor.fetchall():
            streams.setdefault(entity_id, []).append((data, at))
        rows = [
            (0, *repo.row_of(rebuild(repo, stream)))
            for entity_id, stream in streams.items()
            if known.get(entity_id) != folded(repo, stream)
        ]
        if rows:
            await cursor.execute(b"select set_config('lana.dead', '{}', true)")
            await cursor.execute(repo.upsert.encode(), arrays(rows, *repo.types))
    return len(rows)
