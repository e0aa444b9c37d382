"""What every start makes sure of when a superuser is configured: additive, idempotent, one Op."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from lana.core.access import primitives as p
from lana.core.access.matrix import PERMISSION_SETS, PREDEFINED_ROLES, SUPERUSER
from lana.core.access.permission_set import entity as set_events
from lana.core.access.permission_set.entity import PermissionSet
from lana.core.access.public import UserActivityChanged
from lana.core.access.role.entity import Role
from lana.core.access.service import AccessService
from lana.core.access.user.email import checked_email
from lana.core.access.user.entity import User
from lana.core.access.user.repo import KIND
from lana.lib.authz import Ctx
from lana.lib.errors import ConcurrentModification, ConstraintViolation
from lana.lib.es.commands import Commands
from lana.lib.es.entity import DONE
from lana.lib.es.op import Op

MAX_TRIES: Final = 5
BOUND: Final = 10_000


class Bootstrap:
    def __init__(self, access: AccessService) -> None:
        self._access = access

    async def run(self, op: Op, superuser_email: str) -> User:
        """Permission sets, predefined roles, and the superuser with that role."""
        self._access.authz.enforce(op, p.ROLE_CREATE)
        self._access.authz.enforce(op, p.USER_CREATE)
        ids = await self._ensure_sets(op)
        await self._ensure_roles(op, ids)
        return await self._ensure_superuser(op, checked_email(superuser_email))

    async def _ensure_sets(self, op: Op) -> dict[str, UUID]:
        """Ids by name."""
        repo = self._access.permission_sets
        stored = {found.name: found.id for found in await repo.all(BOUND)}
        known = await op.find_many(repo, [stored[name] for name in PERMISSION_SETS if name in stored])
        for permission_set in known.values():
            permission_set.learn(PERMISSION_SETS[permission_set.name])
        missing = [self._add_set(op, name) for name in PERMISSION_SETS if name not in stored]
        return {found.name: found.id for found in (*known.values(), *missing)}

    def _add_set(self, op: Op, name: str) -> PermissionSet:
        # two processes starting together: the second begins again and finds the set
        op.claim("permission-set.name", name, ConcurrentModification())
        born = set_events.Initialized(id=op.new_id(), name=name, permissions=PERMISSION_SETS[name])
        return op.add(self._access.permission_sets, PermissionSet.born(born))

    async def _ensure_roles(self, op: Op, ids: dict[str, UUID]) -> None:
        for name, granted in PREDEFINED_ROLES.items():
            sets = [ids[one] for one in sorted(granted)]
            known = await self._access.roles.maybe_by("name", name)
            if known is None:
                self._access.add_role(op, name, sets)
            else:
                role = await op.find(self._access.roles, known.id)
                role.learn(sets)

    async def _ensure_superuser(self, op: Op, email: str) -> User:
        role = await self._superuser_role(op)
        user_id = await self._access.personal_data.id_by_email(KIND, email)
        if user_id is None:
            return await self._access.add_user(op, email, role, p.StaffKind.PERSON)
        user = await op.find(self._access.users, user_id)
        user.update_role(role.id)
        if user.activate() is DONE:
            op.publish(UserActivityChanged(id=user.id, active=True))
        return user

    async def _superuser_role(self, op: Op) -> Role:
        for tracked in op.tracked.values():
            if isinstance(tracked.entity, Role) and tracked.entity.name == SUPERUSER:
                return tracked.entity
        raise self._access.roles.not_found(SUPERUSER, "name")


async def bootstrap(commands: Commands, access: AccessService, superuser_email: str) -> User:
    """Run it at a start. Of processes that start together, one writes; the others begin again and find it
    done.
    """
    ctx = Ctx.system("bootstrap")
    for _ in range(MAX_TRIES):
        try:
            return await commands.run(ctx, Bootstrap(access).run, superuser_email)
        except (ConstraintViolation, ConcurrentModification):
            continue
    raise ConcurrentModification(f"bootstrap gave up after {MAX_TRIES} tries")
