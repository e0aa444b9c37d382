"""Pages of the log and its subjects. The asking itself is on record before the answer is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from lana.core.audit.entry import AuditEntry, AuditFilter
from lana.core.audit.primitives import AUDIT_LIST
from lana.lib.authz import Authorizer, Ctx
from lana.lib.es.commands import Commands
from lana.lib.pg.database import Database
from lana.lib.pg.page import CursorDestructureError, Found, Page, decode_cursor, encode_cursor

_COLUMNS: Final = (
    "id, subject, object, action, authorized, object_ids, client_address, request_id, idempotency_key,"
    " recorded_at"
)

# walks the index from one subject to the next, because the log is long and subjects are few
_SUBJECTS: Final = """
with recursive walk as (
    (select subject from audit_entries order by subject limit 1)
    union all
    select (select a.subject from audit_entries a where a.subject > w.subject order by a.subject limit 1)
      from walk w where w.subject is not null
)
select subject from walk where subject is not null limit %b::int8
"""


class AuditLog:
    def __init__(self, db: Database, authz: Authorizer, commands: Commands) -> None:
        self._db = db
        self._authz = authz
        self._commands = commands

    async def list(self, ctx: Ctx, page: Page, wanted: AuditFilter) -> Found[AuditEntry]:
        """Newest first; the entry of this very check is among them."""
        self._authz.enforce(ctx, AUDIT_LIST)
        await self._commands.flush(ctx)
        size = page.size(self._db.page_limit)
        conditions, values = _conditions(page, wanted)
        where = f" where {' and '.join(conditions)}" if conditions else ""
        sql = f"select {_COLUMNS} from audit_entries{where} order by id desc limit %b::int8"
        rows = await self._db.fetch(sql, [*values, size + 1])
        kept = rows[:size]
        entries = [_entry(row) for row in kept]
        return Found(entries, [encode_cursor({"id": entry.id}) for entry in entries], len(rows) > size)

    async def subjects(self, ctx: Ctx) -> Sequence[str]:
        """Everyone who ever asked for anything, ascending."""
        self._authz.enforce(ctx, AUDIT_LIST)
        await self._commands.flush(ctx)
        bound = self._db.list_bound
        rows = await self._db.fetch(_SUBJECTS, [bound])
        if len(rows) == bound:
            self._db.log_bound_met("audit subjects", bound)
        return [cast("str", row[0]) for row in rows]


def _entry(row: Sequence[Any]) -> AuditEntry:
    return AuditEntry(
        id=row[0],
        subject=row[1],
        object=row[2],
        action=row[3],
        authorized=row[4],
        object_ids=tuple(row[5]),
        client_address=row[6],
        request_id=row[7],
        idempotency_key=row[8],
        recorded_at=row[9],
    )


def _conditions(page: Page, wanted: AuditFilter) -> tuple[list[str], list[object]]:
    conditions: list[str] = []
    values: list[object] = []
    for name, pg_type in (
        ("subject", "text"),
        ("object", "text"),
        ("action", "text"),
        ("authorized", "bool"),
    ):
        value = cast("object", getattr(wanted, name))
        if value is not None:
            conditions.append(f"{name} = %b::{pg_type}")
            values.append(value)
    if page.after is not None:
        position = decode_cursor(page.after, frozenset({"id"}))["id"]
        if not isinstance(position, int) or isinstance(position, bool) or not 0 <= position < 2**63:
            raise CursorDestructureError(f"{position!r} is no audit entry", field="after")
        conditions.append("id < %b::int8")
        values.append(position)
    return conditions, values
