"""Staff access and governance over a database of the test's own, with the superuser of a first start."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Final
from uuid import UUID

import strawberry
from strawberry.types import ExecutionResult

from lana.admin_server import access, access_changes, audit, governance, governance_changes
from lana.core.access import AccessService, GrantsRefresher, Role, User, bootstrap
from lana.core.audit import AuditEntry, AuditFilter, AuditLog
from lana.core.governance import Committee, GovernanceService, ensure_default_committee
from lana.core.personal_data import PersonalData
from lana.lib.authz import Authorizer, Ctx, Subject
from lana.lib.es.commands import Commands
from lana.lib.graphql import Request
from lana.lib.graphql.schema import build, joined
from lana.lib.pg.database import Database
from lana.lib.pg.page import Page

SUPERUSER: Final = "root@bank.example"


class Staff:
    def __init__(self, db: Database, commands: Commands) -> None:
        self.db = db
        self.commands = commands
        self.authz = Authorizer()
        self.access = AccessService(db, self.authz, PersonalData(db))
        self.governance = GovernanceService(db, self.authz)
        self.audit = AuditLog(db, self.authz, commands)
        self.grants = GrantsRefresher(db, self.authz, self.access, interval=0.05)
        self.root = Ctx.system("test")

    async def start(self, email: str = SUPERUSER) -> User:
        """What a start of the bank does; afterwards `root` acts as the superuser."""
        superuser = await bootstrap(self.commands, self.access, email)
        await ensure_default_committee(self.commands, self.governance, superuser.id)
        await self.grants.refresh()
        self.root = acting(superuser)
        return superuser

    async def role(self, name: str) -> Role:
        found = await self.access.roles.maybe_by("name", name)
        assert found is not None, f"no role {name}"
        return found

    async def hire(self, email: str, role: str = "admin") -> User:
        role_id = (await self.role(role)).id
        user = await self.commands.run(self.root, self.access.create_user, email, role_id)
        await self.grants.refresh()
        return user

    async def committee(self, name: str, members: Sequence[User]) -> Committee:
        verb = self.governance.create_committee
        return await self.commands.run(self.root, verb, name, [user.id for user in members])

    async def audited(self, subject: str | None = None, action: str | None = None) -> list[AuditEntry]:
        """Entries, oldest first, without leaving one of its own."""
        found = await self.audit.list(
            Ctx.system("reader"), Page(100), AuditFilter(subject=subject, action=action)
        )
        return [entry for entry in reversed(found.items) if entry.subject != "system:reader"]


def acting(user: User | UUID) -> Ctx:
    """A request of this user."""
    return Ctx(subject=Subject.user(user if isinstance(user, UUID) else user.id), request_id="test")


class Api:
    """The admin API as far as it is staff's own: access, governance, audit."""

    def __init__(self, staff: Staff) -> None:
        self._staff = staff

    async def ask(self, ctx: Ctx, query: str, **variables: object) -> dict[str, Any]:
        """The answer's data. Fails on errors."""
        result = await self._execute(ctx, query, variables)
        assert result.errors is None, result.errors
        assert result.data is not None
        return result.data

    async def refused(self, ctx: Ctx, query: str, **variables: object) -> Exception:
        """What stands behind the one error."""
        result = await self._execute(ctx, query, variables)
        assert result.errors is not None, result.data
        (error,) = result.errors
        assert error.original_error is not None
        return error.original_error

    async def _execute(self, ctx: Ctx, query: str, variables: dict[str, object]) -> ExecutionResult:
        request = Request(self._staff, ctx)
        result = await staff_schema().execute(query, variable_values=variables, context_value=request)
        await self._staff.commands.flush(ctx)
        assert isinstance(result, ExecutionResult)
        return result


@cache
def staff_schema() -> strawberry.Schema:
    return build(
        joined("Query", [access.Query, audit.Query, governance.Query]),
        joined("Mutation", [access_changes.Mutation, governance_changes.Mutation]),
    )
