"""Mutations of staff access. Each refreshes this process's rules, so that its very next check knows the
change.
"""

from __future__ import annotations

from uuid import UUID

import strawberry

from lana.admin_server.access import Role, User
from lana.admin_server.common import Info
from lana.core import access as core


@strawberry.input
class UserCreateInput:
    email: str
    role_id: UUID
    kind: core.StaffKind = core.StaffKind.PERSON


@strawberry.type
class UserCreatePayload:
    user: User


@strawberry.input
class UserRoleUpdateInput:
    user_id: UUID
    role_id: UUID


@strawberry.type
class UserRoleUpdatePayload:
    user: User


@strawberry.input
class UserDeactivateInput:
    user_id: UUID


@strawberry.type
class UserDeactivatePayload:
    user: User


@strawberry.input
class UserActivateInput:
    user_id: UUID


@strawberry.type
class UserActivatePayload:
    user: User


@strawberry.input
class RoleCreateInput:
    name: str
    permission_set_ids: list[UUID]


@strawberry.type
class RoleCreatePayload:
    role: Role


@strawberry.input
class RolePermissionSetsAddInput:
    role_id: UUID
    permission_set_ids: list[UUID]


@strawberry.type
class RolePermissionSetsAddPayload:
    role: Role


@strawberry.input
class RolePermissionSetsRemoveInput:
    role_id: UUID
    permission_set_ids: list[UUID]


@strawberry.type
class RolePermissionSetsRemovePayload:
    role: Role


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def user_create(self, info: Info, input: UserCreateInput) -> UserCreatePayload:
        app = info.context.app
        user = await info.context.command(app.access.create_user, input.email, input.role_id, input.kind)
        await app.grants.refresh()
        return UserCreatePayload(user=User.of(user))

    @strawberry.mutation
    async def user_role_update(self, info: Info, input: UserRoleUpdateInput) -> UserRoleUpdatePayload:
        app = info.context.app
        user = await info.context.command(app.access.update_role_of_user, input.user_id, input.role_id)
        await app.grants.refresh()
        return UserRoleUpdatePayload(user=User.of(user))

    @strawberry.mutation
    async def user_deactivate(self, info: Info, input: UserDeactivateInput) -> UserDeactivatePayload:
        app = info.context.app
        user = await info.context.command(app.access.deactivate_user, input.user_id)
        await app.grants.refresh()
        return UserDeactivatePayload(user=User.of(user))

    @strawberry.mutation
    async def user_activate(self, info: Info, input: UserActivateInput) -> UserActivatePayload:
        app = info.context.app
        user = await info.context.command(app.access.activate_user, input.user_id)
        await app.grants.refresh()
        return UserActivatePayload(user=User.of(user))

    @strawberry.mutation
    async def role_create(self, info: Info, input: RoleCreateInput) -> RoleCreatePayload:
        app = info.context.app
        role = await info.context.command(app.access.create_role, input.name, input.permission_set_ids)
        await app.grants.refresh()
        return RoleCreatePayload(role=Role.of(role))

    @strawberry.mutation
    async def role_permission_sets_add(
        self, info: Info, input: RolePermissionSetsAddInput
    ) -> RolePermissionSetsAddPayload:
        app = info.context.app
        verb = app.access.add_permission_sets
        role = await info.context.command(verb, input.role_id, input.permission_set_ids)
        await app.grants.refresh()
        return RolePermissionSetsAddPayload(role=Role.of(role))

    @strawberry.mutation
    async def role_permission_sets_remove(
        self, info: Info, input: RolePermissionSetsRemoveInput
    ) -> RolePermissionSetsRemovePayload:
        app = info.context.app
        verb = app.access.remove_permission_sets
        role = await info.context.command(verb, input.role_id, input.permission_set_ids)
        await app.grants.refresh()
        return RolePermissionSetsRemovePayload(role=Role.of(role))
