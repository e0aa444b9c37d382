"""Are files what their records say? Every stored document is there, with the size and SHA-256 kept for it.

Files are read outside the snapshot of the other checks: reading takes longer than a transaction may lie idle,
and the record of a stored file changes by deletion only, which is asked for again when a file is missing.
A file that no record says is stored is no finding. Nobody reaches it, as links are signed for stored
documents only; and there are such: of jobs that died before their Op, of documents just deleted, of a
database restored to a moment before its files.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from lana.app.verify_rows import SHOWN, Check, counting
from lana.core.document import DocumentMissing, DocumentNotStored, DocumentStore, Kept, StoreUnreachable
from lana.lib.pg.database import Database

PAGE: Final = 1000
AT_ONCE: Final = 8
"""Files open; each is read in pieces."""

_STORED: Final = f"""
select id, state->>'path_in_storage', (state->>'size')::int8, state->>'sha256' from documents
 where id > %b::uuid and status <> 'deleted' and state->>'sha256' is not null order by id limit {PAGE}
"""
_DELETED: Final = "select id from documents where id = any(%b::uuid[]) and status = 'deleted'"

# a proposal and what its customer accepted both name the term sheet and its hash
_TERM_SHEETS: Final = """
with named as (
    select id, 'term sheet' as what, state->'term_sheet' as sheet from credit_facility_proposals
    union all
    select id, 'acceptance', state->'evidence' from credit_facility_proposals
)
select format('proposal %s: its %s names document %s with %s; its own term sheet has %s', n.id, n.what,
              n.sheet->>'document_id', n.sheet->>'sha256', coalesce(d.state->>'sha256', 'none'))
  from named n
  left join documents d on d.id = (n.sheet->>'document_id')::uuid
                       and d.reference_id = n.id and d.document_type = 'term_sheet'
 where jsonb_typeof(n.sheet) = 'object' and (n.sheet->>'sha256') is distinct from (d.state->>'sha256')
"""

DOCUMENTS: Final[dict[str, Check]] = {
    "credit: term sheets = documents": counting("credit_facility_proposals", _TERM_SHEETS),
}


async def check_files(db: Database, store: DocumentStore) -> tuple[int, list[str]]:
    """How many were looked at, and what is wrong. A store out of reach ends it, and is a violation."""
    gate = asyncio.Semaphore(AT_ONCE)
    looked_at = 0
    violations: list[str] = []
    after = UUID(int=0)
    while page := await db.fetch(_STORED, [after]):
        found = await asyncio.gather(*(_measured(store, path, gate) for _, path, _, _ in page))
        unreachable = next((each for each in found if isinstance(each, StoreUnreachable)), None)
        if unreachable is not None:
            violations.append(f"documents from {page[0][0]} on could not be checked: {unreachable}")
            break
        violations += await _wrong(db, page, found)
        del violations[SHOWN:]
        looked_at += len(page)
        after = page[-1][0]
    return looked_at, violations


async def _measured(store: DocumentStore, path: str, gate: asyncio.Semaphore) -> Kept | DocumentNotStored:
    async with gate:
        try:
            return await store.measure(path)
        except DocumentNotStored as error:
            return error


async def _wrong(
    db: Database, page: Sequence[tuple[Any, ...]], found: Sequence[Kept | DocumentNotStored]
) -> list[str]:
    wrong: dict[UUID, str] = {}
    missing: list[UUID] = []
    for (document_id, path, size, sha256), there in zip(page, found, strict=True):
        match there:
            case DocumentMissing():
                missing.append(document_id)
                wrong[document_id] = f"{path} is missing"
            case DocumentNotStored():
                wrong[document_id] = f"it could not be read: {there}"
            case _ if there != Kept(size, sha256):
                wrong[document_id] = f"{path} has {_told(there)}, kept is {_told(Kept(size, sha256))}"
            case _:
                pass
    gone = {row[0] for row in await db.fetch(_DELETED, [missing])} if missing else set[UUID]()
    return [f"document {key}: {what}" for key, what in wrong.items() if key not in gone]


def _told(kept: Kept) -> str:
    return f"{kept.size} bytes of {kept.sha256}"
