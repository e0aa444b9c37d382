"""Public ids: decimal texts of one series from 1000, drawn outside the Op, so gaps
occur and no caller waits.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final, cast
from uuid import UUID

from lana.core.public_id.primitives import PublicIdTarget, TargetKind
from lana.lib.es.op import Op
from lana.lib.es.table import RowTable
from lana.lib.pg.database import Database

MAX_BLOCK: Final = 100

TABLE: Final = RowTable("public_ids", ("id",), (("id", "text"), ("kind", "text"), ("target_id", "uuid")))

_DRAW = "select nextval('public_id_seq') from generate_series(1, %b::int8)"
_FIND = "select kind, target_id from public_ids where id = %b::text"
_LONGEST: Final = 19


class PublicIds:
    def __init__(self, db: Database) -> None:
        self._db = db
        self._ready: deque[int] = deque()
        self._block = 1
        self._drawing = asyncio.Lock()

    async def draw(self, op: Op, kind: TargetKind, target_id: UUID) -> str:
        """A new public id of this target, kept with the Op."""
        public_id = str(await self._next())
        op.put(TABLE, public_id, kind, target_id)
        return public_id

    def retarget(self, op: Op, public_id: str, kind: TargetKind, target_id: UUID) -> None:
        """Let an id stand for another object, as a prospect's does for the customer it became."""
        op.put(TABLE, public_id, kind, target_id)

    async def find(self, public_id: str) -> PublicIdTarget | None:
        if not (public_id.isascii() and public_id.isdigit() and len(public_id) <= _LONGEST):
            return None
        rows = await self._db.fetch(_FIND, [public_id])
        return PublicIdTarget(TargetKind(rows[0][0]), cast("UUID", rows[0][1])) if rows else None

    async def target_of(self, public_id: str, kind: TargetKind) -> UUID | None:
        """The id of the object of this kind, None when the public id stands for nothing
        or for another kind.
        """
        found = await self.find(public_id)
        return found.target_id if found and found.kind is kind else None

    async def _next(self) -> int:
        async with self._drawing:
            if not self._ready:
                rows = await self._db.fetch(_DRAW, [self._block])
                self._ready.extend(row[0] for row in rows)
                self._block = min(self._block * 2, MAX_BLOCK)
            return self._ready.popleft()
