"""Staff: users, roles, permission sets, and who the caller is."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from uuid import UUID

import strawberry

from lana.admin_server.common import Info
from lana.admin_server.history import EventTimelineEntry, event_history
from lana.core import access as core
from lana.lib.graphql import Connection, connection, entity, order_of
from lana.lib.pg.page import Direction, Page

strawberry.enum(core.StaffKind)


@entity("permissionSetId")
class PermissionSet:
    entity: strawberry.Private[core.PermissionSet]
    permission_set_id: UUID
    name: str
    description: str

    @classmethod
    def of(cls, found: core.PermissionSet) -> PermissionSet:
        return cls(
            entity=found,
            permission_set_id=found.id,
            name=found.name,
            description=core.description_of(found.name),
        )

    @strawberry.field
    async def event_history(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[EventTimelineEntry]:
        source = info.context.app.access.permission_sets.events
        return await event_history(source, self.permission_set_id, first, after)


@entity("roleId")
class Role:
    entity: strawberry.Private[core.Role]
    role_id: UUID
    name: str
    created_at: datetime

    @classmethod
    def of(cls, role: core.Role) -> Role:
        return cls(entity=role, role_id=role.id, name=role.name, created_at=role.created_at)

    @strawberry.field
    async def permission_sets(self, info: Info) -> list[PermissionSet]:
        request = info.context
        find_many = request.app.access.find_many_permission_sets
        return [
            PermissionSet.of(found)
            for found in await request.load_many(find_many, self.entity.permission_set_ids)
        ]

    @strawberry.field
    async def event_history(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[EventTimelineEntry]:
        return await event_history(info.context.app.access.roles.events, self.role_id, first, after)


@entity("userId")
class User:
    entity: strawberry.Private[core.User]
    user_id: UUID
    kind: core.StaffKind
    active: bool
    created_at: datetime

    @classmethod
    def of(cls, user: core.User) -> User:
        return cls(
            entity=user,
            user_id=user.id,
            kind=user.staff_kind,
            active=user.active,
            created_at=user.created_at,
        )

    @strawberry.field
    async def email(self, info: Info) -> str:
        request = info.context
        return await request.load(request.app.access.find_many_emails, self.user_id) or ""

    @strawberry.field
    async def role(self, info: Info) -> Role:
        request = info.context
        return Role.of(await request.need(request.app.access.find_many_roles, self.entity.role_id, "Role"))

    @strawberry.field
    async def user_can_update_role_of_user(self, info: Info) -> bool:
        return info.context.app.access.can_update_role_of_user(info.context.ctx)

    @strawberry.field
    async def event_history(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[EventTimelineEntry]:
        request = info.context

        async def personal() -> dict[str, object]:
            return {"email": await request.load(request.app.access.find_many_emails, self.user_id)}

        source = request.app.access.users.events
        return await event_history(source, self.user_id, first, after, personal=personal)


@strawberry.type
class GovernanceNavigationItems:
    committee: bool
    policy: bool
    approval_process: bool


@strawberry.type
class VisibleNavigationItems:
    term: bool
    user: bool
    customer: bool
    deposit: bool
    withdraw: bool
    audit: bool
    financials: bool
    governance: GovernanceNavigationItems
    credit_facilities: bool

    @classmethod
    def of(cls, seen: core.Navigation) -> VisibleNavigationItems:
        return cls(
            term=seen.term,
            user=seen.user,
            customer=seen.customer,
            deposit=seen.deposit,
            withdraw=seen.withdraw,
            audit=seen.audit,
            financials=seen.financials,
            governance=GovernanceNavigationItems(
                committee=seen.committee, policy=seen.policy, approval_process=seen.approval_process
            ),
            credit_facilities=seen.credit_facilities,
        )


@strawberry.type
class Me:
    user: User
    user_can_create_user: bool
    user_can_create_prospect: bool
    user_can_create_terms_template: bool
    user_can_create_custodian: bool

    @classmethod
    def of(cls, user: core.User, may: core.MayCreate) -> Me:
        return cls(
            user=User.of(user),
            user_can_create_user=may.user,
            user_can_create_prospect=may.prospect,
            user_can_create_terms_template=may.terms_template,
            user_can_create_custodian=may.custodian,
        )

    @strawberry.field
    async def visible_navigation_items(self, info: Info) -> VisibleNavigationItems:
        return VisibleNavigationItems.of(info.context.app.access.navigation(info.context.ctx))


@strawberry.enum
class UsersSortBy(Enum):
    CREATED_AT = "created_at"
    EMAIL = "email"


@strawberry.input
class UsersSort:
    by: UsersSortBy = UsersSortBy.CREATED_AT
    direction: Direction = Direction.DESC


@strawberry.enum
class RolesSortBy(Enum):
    CREATED_AT = "created_at"
    NAME = "name"


@strawberry.input
class RolesSort:
    by: RolesSortBy = RolesSortBy.CREATED_AT
    direction: Direction = Direction.DESC


@strawberry.type
class Query:
    @strawberry.field
    async def me(self, info: Info) -> Me:
        access, ctx = info.context.app.access, info.context.ctx
        return Me.of(await access.me(ctx), access.may_create(ctx))

    @strawberry.field
    async def user(self, info: Info, id: UUID) -> User | None:
        found = await info.context.app.access.maybe_find_user(info.context.ctx, id)
        return found and User.of(found)

    @strawberry.field
    async def users(
        self, info: Info, first: int, after: str | None = None, sort: UsersSort | None = UsersSort()
    ) -> Connection[User]:
        access, ctx = info.context.app.access, info.context.ctx
        return connection(await access.list_users(ctx, Page(first, after), order_of(sort)), User.of)

    @strawberry.field
    async def role(self, info: Info, id: UUID) -> Role | None:
        found = await info.context.app.access.maybe_find_role(info.context.ctx, id)
        return found and Role.of(found)

    @strawberry.field
    async def roles(
        self, info: Info, first: int, after: str | None = None, sort: RolesSort | None = RolesSort()
    ) -> Connection[Role]:
        access, ctx = info.context.app.access, info.context.ctx
        return connection(await access.list_roles(ctx, Page(first, after), order_of(sort)), Role.of)

    @strawberry.field
    async def permission_sets(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[PermissionSet]:
        access, ctx = info.context.app.access, info.context.ctx
        return connection(await access.list_permission_sets(ctx, Page(first, after)), PermissionSet.of)
