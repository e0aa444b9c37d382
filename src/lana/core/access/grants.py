"""What each active user may do, computed from the state tables, and kept fresh in every process.

A poll of one number (the sum of all versions, which grows with every change because nothing is ever deleted)
tells whether anything changed; it costs one small statement each half second, and no message can be lost. A
process that changed something itself refreshes at once.
"""

from __future__ import annotations

import asyncio
from typing import Final, Self, cast

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from lana.core.access.service import AccessService
from lana.lib.authz import Authorizer, Grants
from lana.lib.pg.database import Database
from lana.lib.tasks import end_if_cancelled, going_on

log = structlog.get_logger()

INTERVAL_SECONDS: Final = 0.5
BOUND: Final = 100_000

_VERSION = """
select ((select coalesce(sum(version), 0) from users) + (select coalesce(sum(version), 0) from roles)
        + (select coalesce(sum(version), 0) from permission_sets))::int8
"""


async def load_grants(access: AccessService) -> Grants:
    """User id → actions. Deactivated users have no entry."""
    sets = {found.id: found for found in await access.permission_sets.all(BOUND)}
    actions = {
        role.id: frozenset(
            permission.action
            for set_id in role.permission_set_ids
            if set_id in sets
            for permission in sets[set_id].permissions
        )
        for role in await access.roles.all(BOUND)
    }
    nothing: frozenset[str] = frozenset()
    users = await access.users.roles_of_active(BOUND)
    return {user_id: actions.get(role_id, nothing) for user_id, role_id in users.items()}


class GrantsRefresher:
    """Keeps one process's `Authorizer` within a second of the tables, while entered."""

    def __init__(
        self,
        db: Database,
        authz: Authorizer,
        access: AccessService,
        *,
        interval: float = INTERVAL_SECONDS,
    ) -> None:
        self._db = db
        self._authz = authz
        self._access = access
        self._interval = interval
        self._version: int | None = None
        self._refreshing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def refresh(self) -> bool:
        """Load the rules if they changed. True when they did. What was committed before the call is known
        after it.
        """
        # one at a time, or a slow older load could replace a newer one
        async with self._refreshing:
            # the version is read first: a change in between is loaded now and again at the next turn
            version = cast("int", (await self._db.fetch(_VERSION))[0][0])
            if version == self._version:
                return False
            self._authz.replace(await load_grants(self._access))
            self._version = version
            return True

    async def __aenter__(self) -> Self:
        await self.refresh()
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self) -> None:
        """While the database is away the last rules stand: nothing can be done then anyway."""
        while going_on():
            await asyncio.sleep(self._interval)
            try:
                await self.refresh()
            except (psycopg.Error, PoolTimeout) as error:
                end_if_cancelled(error)
                log.warning("permissions not refreshed", reason=str(error))


__all__ = ["GrantsRefresher", "load_grants"]
