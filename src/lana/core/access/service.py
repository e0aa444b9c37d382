"""Use cases of staff access: users, roles and the permission sets they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from lana.core.access import primitives as p
from lana.core.access.navigation import MayCreate, Navigation, may_create, visible_navigation
from lana.core.access.permission_set.entity import PermissionSet
from lana.core.access.permission_set.errors import PermissionSetNotFound
from lana.core.access.permission_set.repo import PermissionSetRepo
from lana.core.access.public import RoleCreated, UserActivityChanged, UserCreated
from lana.core.access.role import entity as role_events
from lana.core.access.role.entity import Role
from lana.core.access.role.errors import RoleNameTaken, SuperuserRoleCannotBeAssigned
from lana.core.access.role.repo import RoleRepo
from lana.core.access.user import entity as user_events
from lana.core.access.user.email import checked_email
from lana.core.access.user.entity import User
from lana.core.access.user.errors import (
    CannotDeactivateOneself,
    EmailTaken,
    SuperuserCannotBeDeactivated,
)
from lana.core.access.user.repo import KIND, UserRepo
from lana.core.personal_data import Person, PersonalData, list_by_personal, new_salt
from lana.lib.authz import Authorizer, Scope
from lana.lib.es.entity import DONE
from lana.lib.es.op import Op
from lana.lib.pg.database import Database
from lana.lib.pg.page import Found, Order, Page


class AccessService:
    def __init__(self, db: Database, authz: Authorizer, personal_data: PersonalData) -> None:
        self.authz = authz
        self.personal_data = personal_data
        self.users = UserRepo(db)
        self.roles = RoleRepo(db)
        self.permission_sets = PermissionSetRepo(db)

    # --- users ----------------------------------------------------------------------------------------------

    async def create_user(
        self,
        op: Op,
        email: str,
        role_id: UUID,
        staff_kind: p.StaffKind = p.StaffKind.PERSON,
    ) -> User:
        role = await op.find(self.roles, role_id)
        self.authz.enforce(op, p.USER_CREATE)
        if role.is_superuser:
            raise SuperuserRoleCannotBeAssigned
        return await self.add_user(op, checked_email(email), role, staff_kind)

    async def add_user(self, op: Op, email: str, role: Role, staff_kind: p.StaffKind) -> User:
        """Without a check of its own: for `create_user` and the bootstrap."""
        person = Person(salt=new_salt(), email=email)
        user = User.born(
            user_events.Initialized(
                id=op.new_id(),
                email_digest=person.digest(email),
                role_id=role.id,
                staff_kind=staff_kind,
            )
        )
        await self.personal_data.claim(op, "user.email", email, EmailTaken(email))
        self.personal_data.keep(op, KIND, user.id, person)
        op.publish(UserCreated(id=user.id, role_id=role.id))
        return op.add(self.users, user)

    async def update_role_of_user(self, op: Op, user_id: UUID, role_id: UUID) -> User:
        self.authz.enforce(op, p.USER_UPDATE_ROLE, user_id)
        role = await op.find(self.roles, role_id)
        if role.is_superuser:
            raise SuperuserRoleCannotBeAssigned
        user = await op.find(self.users, user_id)
        # the revocation of the old role and the grant of the new one are two decisions in the audit
        self.authz.enforce(op, p.USER_UPDATE_ROLE, user_id)
        user.update_role(role.id)
        return user

    async def deactivate_user(self, op: Op, user_id: UUID) -> User:
        self.authz.enforce(op, p.USER_UPDATE, user_id)
        user = await op.find(self.users, user_id)
        if op.subject.is_user and op.subject.id == user_id:
            raise CannotDeactivateOneself
        if (await op.find(self.roles, user.role_id)).is_superuser:
            raise SuperuserCannotBeDeactivated
        if user.deactivate() is DONE:
            op.publish(UserActivityChanged(id=user.id, active=False))
        return user

    async def activate_user(self, op: Op, user_id: UUID) -> User:
        self.authz.enforce(op, p.USER_UPDATE, user_id)
        user = await op.find(self.users, user_id)
        if user.activate() is DONE:
            op.publish(UserActivityChanged(id=user.id, active=True))
        return user

    async def maybe_find_user(self, ctx: Scope, user_id: UUID) -> User | None:
        self.authz.enforce(ctx, p.USER_READ, user_id)
        return await self.users.peek(user_id)

    async def find_many_users(self, ctx: Scope, ids: Sequence[UUID]) -> dict[UUID, User]:
        self.authz.enforce(ctx, p.USER_READ, *ids)
        return await self.users.peek_many(ids)

    async def list_users(self, ctx: Scope, page: Page, order: Order | None = None) -> Found[User]:
        """By `created_at` or `email`."""
        self.authz.enforce(ctx, p.USER_LIST)
        if order and order.by == "email":
            return await list_by_personal(self.users, KIND, page, order)
        return await self.users.list(page, order)

    async def find_many_emails(self, ctx: Scope, ids: Sequence[UUID]) -> dict[UUID, str]:
        """Current e-mails of users the caller has obtained already, so there is no check; erased ones are
        absent.
        """
        people = await self.personal_data.find_many(KIND, ids)
        return {user_id: person.email for user_id, person in people.items() if person.email is not None}

    async def me(self, ctx: Scope) -> User:
        user_id = ctx.subject.id
        self.authz.enforce(ctx, p.USER_READ, user_id)
        user = await self.users.peek(user_id)
        if user is None:
            raise self.users.not_found(user_id)
        return user

    def navigation(self, ctx: Scope) -> Navigation:
        """Which items of the panel's navigation the caller may see."""
        return visible_navigation(self.authz, ctx)

    def may_create(self, ctx: Scope) -> MayCreate:
        """What the caller may create. Silent."""
        return may_create(self.authz, ctx)

    def can_update_role_of_user(self, ctx: Scope) -> bool:
        """Silent."""
        return self.authz.evaluate(ctx.subject, p.USER_UPDATE_ROLE)

    # --- roles ----------------------------------------------------------------------------------------------

    async def create_role(self, op: Op, name: str, permission_set_ids: Sequence[UUID]) -> Role:
        """A role of that name that exists already is returned as it is: nothing is granted by the way."""
        self.authz.enforce(op, p.ROLE_CREATE)
        await self._check_sets(permission_set_ids)
        existing = await self.roles.maybe_by("name", name)
        if existing is not None:
            return existing
        return self.add_role(op, name, permission_set_ids)

    def add_role(self, op: Op, name: str, permission_set_ids: Sequence[UUID]) -> Role:
        """Without a check of its own: for `create_role` and the bootstrap."""
        sets = tuple(dict.fromkeys(permission_set_ids))
        role = Role.born(role_events.Initialized(id=op.new_id(), name=name, permission_set_ids=sets))
        op.claim("role.name", name, RoleNameTaken(name))
        op.publish(RoleCreated(id=role.id, name=name))
        return op.add(self.roles, role)

    async def add_permission_sets(self, op: Op, role_id: UUID, permission_set_ids: Sequence[UUID]) -> Role:
        self.authz.enforce(op, p.ROLE_UPDATE, role_id)
        role = await op.find(self.roles, role_id)
        await self._check_sets(permission_set_ids)
        role.add(permission_set_ids)
        return role

    async def remove_permission_sets(self, op: Op, role_id: UUID, permission_set_ids: Sequence[UUID]) -> Role:
        """Unknown ids are ignored."""
        self.authz.enforce(op, p.ROLE_UPDATE, role_id)
        role = await op.find(self.roles, role_id)
        role.remove(permission_set_ids)
        return role

    async def _check_sets(self, permission_set_ids: Sequence[UUID]) -> None:
        known = await self.permission_sets.peek_many(permission_set_ids)
        for permission_set_id in permission_set_ids:
            if permission_set_id not in known:
                raise PermissionSetNotFound(permission_set_id)

    async def maybe_find_role(self, ctx: Scope, role_id: UUID) -> Role | None:
        self.authz.enforce(ctx, p.ROLE_READ, role_id)
        return await self.roles.peek(role_id)

    async def find_many_roles(self, ctx: Scope, ids: Sequence[UUID]) -> dict[UUID, Role]:
        self.authz.enforce(ctx, p.ROLE_READ, *ids)
        return await self.roles.peek_many(ids)

    async def list_roles(self, ctx: Scope, page: Page, order: Order | None = None) -> Found[Role]:
        """By `created_at` or `name`."""
        self.authz.enforce(ctx, p.ROLE_LIST)
        return await self.roles.list(page, order)

    # --- permission sets ------------------------------------------------------------------------------------

    async def find_many_permission_sets(self, ctx: Scope, ids: Sequence[UUID]) -> dict[UUID, PermissionSet]:
        self.authz.enforce(ctx, p.PERMISSION_SET_LIST, *ids)
        return await self.permission_sets.peek_many(ids)

    async def list_permission_sets(self, ctx: Scope, page: Page) -> Found[PermissionSet]:
        self.authz.enforce(ctx, p.PERMISSION_SET_LIST)
        return await self.permission_sets.list(page)
