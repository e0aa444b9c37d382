"""What belongs to a facility. Of many facilities, kinds wanted at one moment are read in one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar
from uuid import UUID

from lana.core.credit import history
from lana.core.credit.cycle.entity import Cycle
from lana.core.credit.cycle.repo import CycleRepo
from lana.core.credit.disbursal.entity import Disbursal
from lana.core.credit.disbursal.repo import DisbursalRepo
from lana.core.credit.obligation.entity import Obligation
from lana.core.credit.obligation.repo import ObligationRepo
from lana.lib.es.children import EACH
from lana.lib.es.entity import Entity
from lana.lib.es.loader import KeyedLoader
from lana.lib.es.repo import Repo
from lana.lib.pg.database import Database

T = TypeVar("T", bound=Entity[Any])

Key = tuple[str, UUID]
"""A table and a facility."""
Rows = Mapping[Key, Sequence[Sequence[Any]]]

HISTORY: Final = history.TABLE.name
ENTITIES: Final = (DisbursalRepo.table, ObligationRepo.table, CycleRepo.table)

# of a table, the rows of a facility that wants them: where none does, it is not looked at
_OF_ENTITIES: Final = (
    "(select id, created_at, state, null::date from {0} where w.kind = '{0}' and facility_id = w.id"
    f" order by created_at desc, id desc limit {EACH})"
)
_OF_HISTORY: Final = (
    f"(select id, recorded_at, data, effective from {HISTORY} where w.kind = '{HISTORY}'"
    f" and facility_id = w.id order by id desc limit {history.MOST})"
)
_WANTED: Final = (
    "select w.kind, w.id, r.* from unnest(%b::text[], %b::uuid[]) as w(kind, id), lateral"
    f" ({' union all '.join([*map(_OF_ENTITIES.format, ENTITIES), _OF_HISTORY])}) as r"
)


class FacilityRecords:
    """Newest first everywhere."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._disbursals = DisbursalRepo(db)
        self._obligations = ObligationRepo(db)
        self._cycles = CycleRepo(db)
        self._loader: KeyedLoader[Key, list[Sequence[Any]]] = KeyedLoader(self._load)

    async def disbursals_of(self, facility_ids: Sequence[UUID]) -> dict[UUID, list[Disbursal]]:
        rows = await self._rows(facility_ids, DisbursalRepo.table)
        return {each: _read(self._disbursals, rows, each) for each in facility_ids}

    async def owed_by(self, facility_ids: Sequence[UUID]) -> dict[UUID, tuple[list[Obligation], list[Cycle]]]:
        rows = await self._rows(facility_ids, ObligationRepo.table, CycleRepo.table)
        return {
            each: (_read(self._obligations, rows, each), _read(self._cycles, rows, each))
            for each in facility_ids
        }

    async def history_of(self, facility_ids: Sequence[UUID]) -> dict[UUID, list[history.Entry]]:
        """Up to `history.MOST`."""
        rows = await self._rows(facility_ids, HISTORY)
        return {each: [history.entry(row) for row in rows.get((HISTORY, each), ())] for each in facility_ids}

    async def _rows(self, facility_ids: Sequence[UUID], *tables: str) -> Rows:
        return await self._loader.load_many([(table, each) for each in facility_ids for table in tables])

    async def _load(self, wanted: Sequence[Key]) -> dict[Key, list[Sequence[Any]]]:
        tables, ids = zip(*wanted, strict=True)
        found: dict[Key, list[Sequence[Any]]] = {}
        for table, facility_id, *row in await self._db.fetch(_WANTED, [list(tables), list(ids)]):
            found.setdefault((table, facility_id), []).append(row)
        for table in {table for (table, _), rows in found.items() if table in ENTITIES and len(rows) == EACH}:
            self._db.log_bound_met(table, EACH)
        return found


def _read(repo: Repo[T], rows: Rows, facility_id: UUID) -> list[T]:
    return [repo.read(row) for row in rows.get((repo.table, facility_id), ())]
