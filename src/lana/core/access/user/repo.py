"""Users by id, role and e-mail."""

from __future__ import annotations

from typing import ClassVar, Final, cast
from uuid import UUID

from lana.core.access.user.entity import User
from lana.lib.es.repo import Repo
from lana.lib.es.table import Column

KIND: Final = "user"

_ACTIVE = "select id, role_id from users where active limit %b::int8"


class UserRepo(Repo[User]):
    entity: ClassVar[type[User]] = User
    table: ClassVar[str] = "users"
    label: ClassVar[str] = "User"
    columns: ClassVar[tuple[Column, ...]] = (
        Column("role_id", "uuid", lambda user: user.role_id),
        Column("active", "bool", lambda user: user.active),
    )

    async def roles_of_active(self, bound: int) -> dict[UUID, UUID]:
        """The role of every active user."""
        rows = await self.db.fetch(_ACTIVE, [bound])
        if len(rows) == bound:
            self.db.log_bound_met(self.table, bound)
        return {cast("UUID", row[0]): cast("UUID", row[1]) for row in rows}
