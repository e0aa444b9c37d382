"""From a created user to a login at the identity provider."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import pytest

from lana.core.access import (
    CreateLogin,
    OneTimePassword,
    StaffKind,
    SyncLogin,
    User,
    UserActivityChanged,
    UserCreated,
    first_login,
)
from lana.lib.authz import Ctx
from lana.lib.es.op import DeferredJob
from lana.lib.outbox import PublicEvent
from lana.processes.user_onboarding import UserOnboarding
from tests.support.staff import Staff

ANN = "ann@bank.example"


class Realm:
    """An identity provider in memory."""

    def __init__(self) -> None:
        self.logins: dict[UUID, str] = {}
        self.enabled: dict[UUID, bool] = {}
        self.chosen: set[UUID] = set()
        self.passwords = 0

    def _password(self, email: str) -> OneTimePassword:
        self.passwords += 1
        return OneTimePassword(email, f"one-time-{self.passwords}")

    async def ensure(self, lana_id: UUID, email: str) -> OneTimePassword | None:
        if lana_id in self.logins:
            return None
        self.logins[lana_id] = email
        self.enabled[lana_id] = True
        return self._password(email)

    async def renew_password(self, lana_id: UUID, email: str) -> OneTimePassword | None:
        made = await self.ensure(lana_id, email)
        return made or (None if lana_id in self.chosen else self._password(email))

    async def update_email(self, lana_id: UUID, email: str) -> None:
        self.logins[lana_id] = email

    async def set_enabled(self, lana_id: UUID, enabled: bool) -> None:
        if lana_id not in self.logins:
            raise LookupError(lana_id)
        self.enabled[lana_id] = enabled


@pytest.fixture
def realm() -> Realm:
    return Realm()


async def deferred(staff: Staff, event: PublicEvent) -> DeferredJob:
    """The one job the processor wants for an event."""
    op = staff.commands.new_op(Ctx.system(UserOnboarding.actor))
    await UserOnboarding().handle(op, event)
    (job,) = op.jobs
    return job


async def onboard(staff: Staff, realm: Realm, user: User, shown: list[OneTimePassword]) -> None:
    job = await deferred(staff, UserCreated(id=user.id, role_id=user.role_id))
    assert job.name == CreateLogin.name
    await CreateLogin(staff.access, realm, shown.append).run(job.args)


async def sync(staff: Staff, realm: Realm, user: User) -> None:
    job = await deferred(staff, UserActivityChanged(id=user.id, active=user.active))
    assert job.name == SyncLogin.name
    await SyncLogin(staff.access, realm).run(job.args)


async def test_a_created_user_gets_a_login_and_the_password_is_shown_once(staff: Staff, realm: Realm) -> None:
    user = await staff.hire(ANN)
    shown: list[OneTimePassword] = []
    await onboard(staff, realm, user, shown)
    await onboard(staff, realm, user, shown)
    assert realm.logins == {user.id: ANN}
    assert [(password.email, password.secret) for password in shown] == [(ANN, "one-time-1")]


async def test_the_password_is_stored_nowhere(staff: Staff, realm: Realm) -> None:
    user = await staff.hire(ANN)
    shown: list[OneTimePassword] = []
    await onboard(staff, realm, user, shown)
    tables = await staff.db.fetch("select quote_ident(tablename) from pg_tables where schemaname = 'lana'")
    assert len(tables) > 10
    for (table,) in tables:
        sql = f"select count(*) from {table} t where position(%b::text in t::text) > 0"
        assert await staff.db.fetch(sql, [shown[0].secret]) == [(0,)], table


async def test_the_command_line_shows_a_password_though_a_worker_was_quicker(
    staff: Staff, realm: Realm
) -> None:
    user = await staff.hire(ANN)
    await onboard(staff, realm, user, [])
    password = await first_login(staff.access, realm, user.id)
    assert password is not None
    assert password.secret == "one-time-2"
    realm.chosen.add(user.id)
    assert await first_login(staff.access, realm, user.id) is None


async def test_a_deactivated_users_login_is_shut_and_opened_again(staff: Staff, realm: Realm) -> None:
    user = await staff.hire(ANN)
    await onboard(staff, realm, user, [])
    await sync(staff, realm, await staff.commands.run(staff.root, staff.access.deactivate_user, user.id))
    assert realm.enabled == {user.id: False}
    await sync(staff, realm, await staff.commands.run(staff.root, staff.access.activate_user, user.id))
    assert realm.enabled == {user.id: True}


async def test_a_late_job_leaves_the_login_as_the_bank_knows_it_now(staff: Staff, realm: Realm) -> None:
    user = await staff.hire(ANN)
    await onboard(staff, realm, user, [])
    await staff.commands.run(staff.root, staff.access.deactivate_user, user.id)
    late: Mapping[str, object] = {"user_id": str(user.id)}
    await staff.commands.run(staff.root, staff.access.activate_user, user.id)
    await SyncLogin(staff.access, realm).run(late)
    assert realm.enabled == {user.id: True}


async def test_a_user_deactivated_before_its_login_exists_is_not_let_in(staff: Staff, realm: Realm) -> None:
    user = await staff.hire(ANN)
    await staff.commands.run(staff.root, staff.access.deactivate_user, user.id)
    await onboard(staff, realm, user, [])
    assert realm.enabled == {user.id: False}


async def test_a_service_gets_no_login(staff: Staff, realm: Realm) -> None:
    role = await staff.role("accountant")
    service = await staff.commands.run(
        staff.root, staff.access.create_user, "reports@partner.example", role.id, StaffKind.SERVICE
    )
    await onboard(staff, realm, service, [])
    await sync(staff, realm, service)
    assert realm.logins == {}
    assert await first_login(staff.access, realm, service.id) is None
