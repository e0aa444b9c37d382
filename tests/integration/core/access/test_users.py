"""Users and roles through the service, on a database."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest

from lana.core.access import StaffKind, UserActivityChanged, UserCreated
from lana.core.access.permission_set.errors import PermissionSetNotFound
from lana.core.access.role.errors import SuperuserRoleCannotBeAssigned
from lana.core.access.user.errors import (
    CannotDeactivateOneself,
    EmailTaken,
    InvalidEmail,
    SuperuserCannotBeDeactivated,
)
from lana.lib.authz import Ctx, Subject
from lana.lib.errors import NotAuthorized, NotFound
from lana.lib.outbox import decode
from lana.lib.pg.page import CursorDestructureError, Direction, Order, Page
from tests.support.staff import SUPERUSER, Staff, acting

ANN = "Ann@bank.example"


async def published(staff: Staff) -> list[object]:
    rows = await staff.db.fetch("select payload from outbox order by sequence")
    return [decode(row[0]) for row in rows]


async def test_a_user_is_created_with_its_email_apart_from_the_events(staff: Staff) -> None:
    user = await staff.hire(ANN)
    assert await staff.access.find_many_emails(staff.root, [user.id]) == {user.id: ANN}
    (event,) = await staff.access.users.events(user.id, limit=10)
    assert "email" not in event.data
    assert ANN.lower() not in str(await staff.db.fetch("select value from claims")).lower()
    (kept,) = await staff.access.personal_data.find_many("user", [user.id])
    person = await staff.access.personal_data.find("user", kept)
    assert person is not None
    assert event.data["email_digest"] == person.digest(ANN)
    assert (await published(staff))[-1] == UserCreated(id=user.id, role_id=user.role_id)


async def test_an_email_is_unique_whatever_its_case(staff: Staff) -> None:
    await staff.hire(ANN)
    with pytest.raises(EmailTaken) as refused:
        await staff.hire(ANN.lower())
    assert (
        'UserCreateError - ConstraintViolation(Some(Email), Some("ann@bank.example"))'
        in refused.value.message
    )
    assert refused.value.code == "CONSTRAINT_VIOLATION"
    assert refused.value.field == "Email"


async def test_of_many_with_one_email_at_once_one_is_created(staff: Staff) -> None:
    done = await asyncio.gather(*(staff.hire(ANN) for _ in range(8)), return_exceptions=True)
    assert len([one for one in done if isinstance(one, EmailTaken)]) == 7
    assert len(await published(staff)) == 4 + 1 + 1


async def test_the_superusers_role_is_never_given_by_hand(staff: Staff) -> None:
    with pytest.raises(SuperuserRoleCannotBeAssigned):
        await staff.hire(ANN, "superuser")
    user = await staff.hire(ANN)
    role = await staff.role("superuser")
    with pytest.raises(SuperuserRoleCannotBeAssigned):
        await staff.commands.run(staff.root, staff.access.update_role_of_user, user.id, role.id)


async def test_an_unknown_role_is_found_missing_before_the_check(staff: Staff) -> None:
    nobody = Ctx(subject=Subject.user(uuid4()))
    with pytest.raises(NotFound) as refused:
        await staff.commands.run(nobody, staff.access.create_user, ANN, UUID(int=7))
    assert "RoleFindError - NotFound(id=" in refused.value.message
    assert await staff.audited(subject=str(nobody.subject)) == []


async def test_a_malformed_email_creates_nobody(staff: Staff) -> None:
    with pytest.raises(InvalidEmail):
        await staff.hire("not an e-mail")


async def test_a_change_of_role_is_two_checks(staff: Staff) -> None:
    user = await staff.hire(ANN)
    accountant = await staff.role("accountant")
    changed = await staff.commands.run(staff.root, staff.access.update_role_of_user, user.id, accountant.id)
    assert changed.role_id == accountant.id
    entries = await staff.audited(action="access:user:update-role")
    assert [entry.object for entry in entries] == [f"access/user/{user.id}"] * 2


async def test_the_same_role_again_is_no_event(staff: Staff) -> None:
    user = await staff.hire(ANN)
    same = await staff.commands.run(staff.root, staff.access.update_role_of_user, user.id, user.role_id)
    assert same.version == 1


async def test_rights_follow_the_role(staff: Staff) -> None:
    user = await staff.hire(ANN, "accountant")
    with pytest.raises(NotAuthorized):
        await staff.commands.run(acting(user), staff.access.create_role, "teller", [])
    admin = await staff.role("admin")
    await staff.commands.run(staff.root, staff.access.update_role_of_user, user.id, admin.id)
    await staff.grants.refresh()
    role = await staff.commands.run(acting(user), staff.access.create_role, "teller", [])
    assert role.permission_set_ids == ()


async def test_a_deactivated_user_is_refused_everywhere_until_activated(staff: Staff) -> None:
    user = await staff.hire(ANN)
    await staff.commands.run(staff.root, staff.access.deactivate_user, user.id)
    await staff.grants.refresh()
    with pytest.raises(NotAuthorized):
        await staff.access.me(acting(user))
    await staff.commands.run(staff.root, staff.access.activate_user, user.id)
    await staff.grants.refresh()
    assert (await staff.access.me(acting(user))).id == user.id
    assert (await published(staff))[-2:] == [
        UserActivityChanged(id=user.id, active=False),
        UserActivityChanged(id=user.id, active=True),
    ]


async def test_nobody_locks_the_bank_out(staff: Staff) -> None:
    superuser = await staff.start()
    ann = await staff.hire(ANN)
    with pytest.raises(CannotDeactivateOneself):
        await staff.commands.run(acting(ann), staff.access.deactivate_user, ann.id)
    with pytest.raises(SuperuserCannotBeDeactivated):
        await staff.commands.run(acting(ann), staff.access.deactivate_user, superuser.id)


async def test_other_processes_learn_of_a_change_within_a_second(staff: Staff) -> None:
    user = await staff.hire(ANN, "accountant")
    other = Staff(staff.db, staff.commands)
    async with other.grants:
        admin = await staff.role("admin")
        await staff.commands.run(staff.root, staff.access.update_role_of_user, user.id, admin.id)
        for _ in range(100):
            if other.access.can_update_role_of_user(acting(user)):
                return
            await asyncio.sleep(0.01)
    pytest.fail("the other process did not learn of the change")


async def test_a_stranger_is_refused_and_the_refusal_is_kept(staff: Staff) -> None:
    stranger = acting(uuid4())
    with pytest.raises(NotAuthorized):
        await staff.commands.run(stranger, staff.access.create_role, "x", [])
    (entry,) = await staff.audited(subject=str(stranger.subject))
    assert (entry.action, entry.object, entry.authorized) == ("access:role:create", "access/role/*", False)


async def test_an_existing_role_is_returned_as_it_is(staff: Staff) -> None:
    viewer = await staff.access.permission_sets.maybe_by("name", "audit_viewer")
    assert viewer is not None
    first = await staff.commands.run(staff.root, staff.access.create_role, "teller", [])
    again = await staff.commands.run(staff.root, staff.access.create_role, "teller", [viewer.id])
    assert again.id == first.id
    assert again.permission_set_ids == ()


async def test_a_role_of_unknown_sets_is_refused(staff: Staff) -> None:
    unknown = uuid4()
    with pytest.raises(PermissionSetNotFound) as refused:
        await staff.commands.run(staff.root, staff.access.create_role, "teller", [unknown])
    assert str(unknown) in refused.value.message
    admin = await staff.role("admin")
    with pytest.raises(PermissionSetNotFound):
        await staff.commands.run(staff.root, staff.access.add_permission_sets, admin.id, [unknown])
    same = await staff.commands.run(staff.root, staff.access.remove_permission_sets, admin.id, [unknown])
    assert same.version == admin.version


async def test_a_service_is_staff_with_a_role_and_no_login(staff: Staff) -> None:
    role = await staff.role("accountant")
    user = await staff.commands.run(
        staff.root, staff.access.create_user, "reports@partner.example", role.id, StaffKind.SERVICE
    )
    assert not user.has_login


@pytest.mark.parametrize("direction", list(Direction))
async def test_users_are_listed_by_email_page_by_page(staff: Staff, direction: Direction) -> None:
    emails = [f"{name}@bank.example" for name in ("dan", "bea", "cal", "abe")]
    for email in emails:
        await staff.hire(email)
    order = Order("email", direction)
    seen: list[str] = []
    after: str | None = None
    for _ in range(5):
        found = await staff.access.list_users(staff.root, Page(2, after), order)
        emails_of = await staff.access.find_many_emails(staff.root, [user.id for user in found.items])
        seen += [emails_of[user.id] for user in found.items]
        if not found.has_next:
            break
        after = found.cursors[-1]
    assert seen == sorted([*emails, SUPERUSER], reverse=direction is Direction.DESC)


async def test_a_cursor_of_another_sort_is_refused(staff: Staff) -> None:
    found = await staff.access.list_users(staff.root, Page(1))
    with pytest.raises(CursorDestructureError):
        await staff.access.list_users(staff.root, Page(1, found.cursors[0]), Order("email"))


async def test_me_knows_what_may_be_seen_and_created(staff: Staff) -> None:
    ann = await staff.hire(ANN, "accountant")
    ctx = acting(ann)
    seen = staff.access.navigation(ctx)
    assert (seen.audit, seen.deposit, seen.withdraw, seen.term, seen.financials) == (
        True,
        False,
        False,
        False,
        True,
    )
    assert not staff.access.may_create(ctx).user
    assert staff.access.may_create(staff.root).custodian
    await staff.commands.flush(ctx)
    checks = {entry.action: entry.authorized for entry in await staff.audited(subject=str(ctx.subject))}
    assert checks["deposit:withdrawal:list"] is True
    assert checks["deposit:withdrawal:initiate"] is False
    # the check stops at the first refusal, and what may be created is never audited
    assert "deposit:withdrawal:confirm" not in checks
    assert "access:user:create" not in checks
