"""Journals: one book each. An account belongs to one journal, and a locked journal takes no postings.

Locking takes the structure lock exclusively: it waits for postings in flight and comes before the next ones.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from cala_ledger import errors
from cala_ledger.connection import Connection, Row, Source
from cala_ledger.model import Journal, Status
from cala_ledger.templates import MAX_KEY, storable

_COLUMNS: Final = "id, code, name, description, status::text, created_at"
_CREATE: Final = f"""
insert into cala.journals (id, code, name, description, created_at)
values (%s, %s, %s, %s, coalesce(%s::timestamptz, clock_timestamp()))
on conflict do nothing returning {_COLUMNS}
"""
_FIND: Final = f"select {_COLUMNS} from cala.journals where id = %s"
_BY_CODE: Final = f"select {_COLUMNS} from cala.journals where code = %s"
_STATUS: Final = f"update cala.journals set status = %s::cala.status where id = %s returning {_COLUMNS}"
_EXCLUSIVE: Final = "select pg_advisory_xact_lock(cala.structure_lock())"


class Journals:
    def __init__(self, source: Source) -> None:
        self._source = source

    async def create(
        self,
        journal_id: UUID,
        code: str,
        name: str,
        *,
        description: str | None = None,
        created_at: datetime | None = None,
        conn: Connection | None = None,
    ) -> Journal:
        """Open a journal. Raises JournalExists, InvalidText."""
        texts = (
            storable("code", code, MAX_KEY),
            storable("name", name),
            storable("description", description or ""),
        )
        params = [journal_id, *texts[:2], texts[2] or None, created_at]
        rows = await self._source.rows(_CREATE, params, conn)
        if not rows:
            raise errors.JournalExists(journal_id=journal_id, journal_code=code)
        return _journal(rows[0])

    async def find(self, journal_id: UUID, *, conn: Connection | None = None) -> Journal:
        """Raises JournalNotFound."""
        rows = await self._source.rows(_FIND, [journal_id], conn)
        if not rows:
            raise errors.JournalNotFound(journal_id=journal_id)
        return _journal(rows[0])

    async def maybe_find_by_code(self, code: str, *, conn: Connection | None = None) -> Journal | None:
        """Raises InvalidText."""
        rows = await self._source.rows(_BY_CODE, [storable("code", code)], conn)
        return _journal(rows[0]) if rows else None

    async def lock(self, journal_id: UUID, *, conn: Connection | None = None) -> Journal:
        """From now on postings are refused. Raises JournalNotFound."""
        return await self._set_status(journal_id, Status.LOCKED, conn)

    async def unlock(self, journal_id: UUID, *, conn: Connection | None = None) -> Journal:
        """Postings are taken again. Raises JournalNotFound."""
        return await self._set_status(journal_id, Status.ACTIVE, conn)

    async def _set_status(self, journal_id: UUID, status: Status, conn: Connection | None) -> Journal:
        async with self._source.connection(conn) as connection:
            await self._source.rows(_EXCLUSIVE, [], connection)
            rows = await self._source.rows(_STATUS, [status.value, journal_id], connection)
        if not rows:
            raise errors.JournalNotFound(journal_id=journal_id)
        return _journal(rows[0])


def _journal(row: Row) -> Journal:
    names = ("id", "code", "name", "description", "status", "created_at")
    return msgspec.convert(dict(zip(names, row, strict=True)), Journal)
