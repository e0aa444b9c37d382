"""What a start makes sure of, and what it leaves alone."""

from __future__ import annotations

import asyncio

from lana.core.access import bootstrap, load_grants
from lana.core.access.matrix import PERMISSION_SETS, PREDEFINED_ROLES
from lana.core.access.permission_set import entity as sets
from lana.core.access.permission_set.entity import PermissionSet
from lana.lib.es.commands import Commands
from lana.lib.es.op import Op
from lana.lib.pg.database import Database
from tests.support.staff import SUPERUSER, Staff


async def test_a_first_start_makes_sets_roles_and_the_superuser(staff: Staff) -> None:
    stored = {found.name: found for found in await staff.access.permission_sets.all(100)}
    assert {name: len(found.permissions) for name, found in stored.items()} == {
        name: len(permissions) for name, permissions in PERMISSION_SETS.items()
    }
    roles = {role.name: len(role.permission_set_ids) for role in await staff.access.roles.all(100)}
    assert roles == {name: len(granted) for name, granted in PREDEFINED_ROLES.items()}
    (superuser,) = (await load_grants(staff.access)).values()
    assert "access:user:create" in superuser
    assert "domain-config:all-config:write" in superuser


async def test_a_second_start_changes_nothing(staff: Staff) -> None:
    (before,) = await staff.db.fetch("select count(*), max(recorded_at) from events")
    again = await staff.start()
    (after,) = await staff.db.fetch("select count(*), max(recorded_at) from events")
    assert after == before
    assert again.version == 1


async def test_a_start_publishes_users_and_roles_once(staff: Staff) -> None:
    await staff.start()
    rows = await staff.db.fetch("select type, count(*) from outbox group by type")
    assert dict(rows) == {"RoleCreated": 4, "UserCreated": 1}


async def test_processes_that_start_together_agree(db: Database, commands: Commands) -> None:
    banks = [Staff(db, commands) for _ in range(4)]
    users = await asyncio.gather(*(bootstrap(commands, bank.access, SUPERUSER) for bank in banks))
    assert len({user.id for user in users}) == 1
    (counts,) = await db.fetch(
        "select (select count(*) from roles), (select count(*) from permission_sets), (select count(*) from users)"
    )
    assert counts == (4, 33, 1)


async def test_a_set_removed_on_purpose_stays_removed(staff: Staff) -> None:
    admin = await staff.role("admin")
    writer = await staff.access.permission_sets.maybe_by("name", "deposit_writer")
    assert writer is not None
    await staff.commands.run(staff.root, staff.access.remove_permission_sets, admin.id, [writer.id])
    await staff.start()
    assert writer.id not in (await staff.role("admin")).permission_set_ids


async def test_a_set_learns_the_actions_a_release_adds(db: Database, commands: Commands) -> None:
    bank = Staff(db, commands)
    older = PERMISSION_SETS["deposit_viewer"][:2]

    async def release_before(op: Op) -> PermissionSet:
        born = sets.Initialized(id=op.new_id(), name="deposit_viewer", permissions=older)
        op.claim("permission-set.name", "deposit_viewer", AssertionError())  # pyright: ignore[reportArgumentType]
        return op.add(bank.access.permission_sets, PermissionSet.born(born))

    await commands.run(bank.root, release_before)
    await bank.start()
    learned = await bank.access.permission_sets.maybe_by("name", "deposit_viewer")
    assert learned is not None
    assert set(learned.permissions) == set(PERMISSION_SETS["deposit_viewer"])
    assert learned.version == 2


async def test_the_superuser_returns_to_the_role_and_to_work(staff: Staff) -> None:
    superuser = await staff.start()
    accountant = await staff.role("accountant")
    await staff.commands.run(staff.root, staff.access.update_role_of_user, superuser.id, accountant.id)
    boss = await staff.start()
    assert boss.role_id == (await staff.role("superuser")).id
    assert boss.active


async def test_the_superusers_email_is_matched_whatever_its_case(staff: Staff) -> None:
    first = await staff.start()
    assert (await staff.start(SUPERUSER.upper())).id == first.id


async def test_every_start_is_audited_as_bootstrap(staff: Staff) -> None:
    await staff.start()
    entries = await staff.audited(subject="system:bootstrap")
    assert [entry.action for entry in entries].count("access:user:create") == 2
    assert [entry.action for entry in entries].count("governance:committee:create") == 2
