"""Is every promise about stored data kept? Read-only, page by page, on one snapshot; then documents' files.

`lana-cli verify` prints the answers and exits non-zero on any violation; load and fault tests end with it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

import msgspec

import cala_ledger
from lana.app.app import App
from lana.app.states import columns, folded, stored
from lana.app.verify_books import BOOKS
from lana.app.verify_documents import DOCUMENTS, check_files
from lana.app.verify_loans import LOANS
from lana.app.verify_rows import SHOWN, Check
from lana.app.verify_rows import rows as _rows
from lana.lib.es.repo import Repo
from lana.lib.pg.database import Connection

PAGE: Final = 1000


class Finding(msgspec.Struct, frozen=True):
    """One check: how much it looked at, and what it found wrong (the first `SHOWN` of them)."""

    check: str
    looked_at: int
    violations: Sequence[str]

    @property
    def clean(self) -> bool:
        return not self.violations


async def verify(app: App) -> list[Finding]:
    """Every check, in order. Violations are answered, never raised."""
    findings: list[Finding] = []
    async with app.db.transaction() as connection:
        await connection.execute("set transaction isolation level repeatable read, read only")
        await connection.execute("set local statement_timeout = 0")
        for kind in sorted(app.db.repos):
            repo = cast("Repo[Any]", app.db.repos[kind])
            findings.append(await _state_is_fold(connection, repo))
        for name, check in CHECKS.items():
            findings.append(Finding(name, *await check(connection)))
        findings.append(await _ledger(connection))
    findings.append(Finding("documents: files = hashes", *await check_files(app.db, app.document_store)))
    return findings


async def _state_is_fold(connection: Connection, repo: Repo[Any]) -> Finding:
    """Each row, its columns included, is what its events say; and no entity with events has lost its row."""
    kind = repo.entity.kind
    looked_at = 0
    violations = [f"{kind} {row[0]} has events and no state" for row in await _lost(connection, repo)]
    async for page in _pages(connection, repo):
        events = await _events(connection, repo, [row[0] for row in page])
        for row in page:
            looked_at += 1
            if stored(repo, row) != folded(repo, events.get(row[0], [])):
                violations.append(f"{kind} {row[0]} is not the fold of its events")
    return Finding(f"{kind}: state = fold of events", looked_at, violations[:SHOWN])


async def _pages(connection: Connection, repo: Repo[Any]) -> AsyncIterator[list[tuple[Any, ...]]]:
    after = UUID(int=0)
    sql = f"select {columns(repo)} from {repo.table} where id > %b::uuid order by id limit {PAGE}"
    while rows := await _rows(connection, sql, [after]):
        yield rows
        after = cast("UUID", rows[-1][0])


async def _lost(connection: Connection, repo: Repo[Any]) -> list[tuple[Any, ...]]:
    return await _rows(
        connection,
        "select e.entity_id from events e where e.entity_type = %b::text and e.sequence = 1"
        f" and not exists (select from {repo.table} t where t.id = e.entity_id) limit {SHOWN}",
        [repo.entity.kind],
    )


async def _events(
    connection: Connection, repo: Repo[Any], ids: list[UUID]
) -> dict[UUID, list[tuple[bytes, datetime]]]:
    rows = await _rows(
        connection,
        "select entity_id, data, recorded_at from events"
        " where entity_type = %b::text and entity_id = any(%b::uuid[]) order by entity_id, sequence",
        [repo.entity.kind, ids],
    )
    found: dict[UUID, list[tuple[bytes, datetime]]] = {}
    for entity_id, data, recorded_at in rows:
        found.setdefault(entity_id, []).append((data, recorded_at))
    return found


async def _outbox(connection: Connection) -> tuple[int, list[str]]:
    rows = await _rows(
        connection,
        "select count(*), coalesce(min(sequence), 1), coalesce(max(sequence), 0),"
        " (select count(*) from processors"
        "   where checkpoint > coalesce((select max(sequence) from outbox), 0))"
        " from outbox",
    )
    count, first, last, ahead = rows[0]
    gaps = last - first + 1 - count
    violations = [f"{gaps} sequences are missing between {first} and {last}"] if gaps else []
    violations += [f"{ahead} processors are ahead of the outbox"] if ahead else []
    return count, violations


async def _event_streams(connection: Connection) -> tuple[int, list[str]]:
    rows = await _rows(
        connection,
        "select entity_type, entity_id, count(*), max(sequence), min(sequence) from events"
        " group by entity_type, entity_id having count(*) <> max(sequence) or min(sequence) <> 1 limit 20",
    )
    total = await _rows(connection, "select count(*) from events")
    return total[0][0], [f"{kind} {i}: {count} events, last is {last}" for kind, i, count, last, _ in rows]


async def _attribution(connection: Connection) -> tuple[int, list[str]]:
    rows = await _rows(
        connection,
        "select e.entity_type, e.entity_id, e.sequence from events e left join audit_entries a"
        " on a.id = e.audit_entry_id where e.audit_entry_id is not null and a.id is null limit 20",
    )
    total = await _rows(connection, "select count(*) from events where audit_entry_id is not null")
    return total[0][0], [f"{kind} {i} #{n} names an audit entry that is not there" for kind, i, n in rows]


async def _ledger(connection: Connection) -> Finding:
    found = await cala_ledger.verify(cast("Any", connection))
    entries = await _rows(connection, "select count(*) from cala.entries")
    return Finding(
        "ledger: debits = credits, balances = entries", entries[0][0], [str(v) for v in found[:SHOWN]]
    )


CHECKS: Final[dict[str, Check]] = {
    "events: streams without gaps": _event_streams,
    "events: attributed to an audit entry": _attribution,
    "outbox: without gaps": _outbox,
    **BOOKS,
    **LOANS,
    **DOCUMENTS,
}
