"""Reading, keeping and erasing personal data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast
from uuid import UUID

import msgspec

from lana.core.personal_data.person import Person, digest
from lana.lib.errors import Refusal
from lana.lib.es.op import Op
from lana.lib.es.table import RowTable
from lana.lib.pg.database import Database

TABLE: Final = RowTable(
    "personal_data",
    ("kind", "id"),
    (
        ("kind", "text"),
        ("id", "uuid"),
        ("email", "text"),
        ("handle", "text"),
        ("data", "jsonb"),
        ("salt", "bytea"),
    ),
)

_FIND = (
    "select id, email, handle, data, salt from personal_data where kind = %b::text and id = any(%b::uuid[])"
)
_BY_EMAIL = "select id from personal_data where kind = %b::text and lower(email) = lower(%b::text) limit 1"
_BANK_SALT = "select salt from personal_data_salt"


class PersonalData:
    """Persons are named by kind (`user`, `party`) and the id of their entity, whose
    version guards changes.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._bank_salt: bytes | None = None

    async def find(self, kind: str, person_id: UUID) -> Person | None:
        return (await self.find_many(kind, [person_id])).get(person_id)

    async def find_many(self, kind: str, ids: Sequence[UUID]) -> dict[UUID, Person]:
        """Those that exist, in one statement."""
        rows = await self._db.fetch(_FIND, [kind, list(ids)]) if ids else []
        return {
            cast("UUID", row[0]): Person(
                email=row[1],
                handle=row[2],
                data=None if row[3] is None else msgspec.json.decode(row[3], type=dict[str, str | None]),
                salt=row[4],
            )
            for row in rows
        }

    async def id_by_email(self, kind: str, email: str) -> UUID | None:
        """Whose e-mail this is, upper and lower case being the same."""
        rows = await self._db.fetch(_BY_EMAIL, [kind, email])
        return cast("UUID", rows[0][0]) if rows else None

    def keep(self, op: Op, kind: str, person_id: UUID, person: Person) -> None:
        op.put(TABLE, kind, person_id, person.email, person.handle, person.data, person.salt)

    async def claim(self, op: Op, space: str, value: str, taken: Refusal) -> None:
        """Make the value unique within its space; whoever comes second is refused with `taken`."""
        op.claim(space, await self._claim_digest(value), taken)

    async def release(self, op: Op, space: str, value: str) -> None:
        op.release(space, await self._claim_digest(value))

    async def _claim_digest(self, value: str) -> str:
        if self._bank_salt is None:
            self._bank_salt = cast("bytes", (await self._db.fetch(_BANK_SALT))[0][0])
        return digest(self._bank_salt, value.casefold())
