"""Reading the audit log."""

from __future__ import annotations

import pytest

from lana.core.audit import AuditFilter
from lana.lib.errors import NotAuthorized
from lana.lib.pg.page import CursorDestructureError, NegativeFirst, Page
from tests.support.staff import Staff, acting

ALL = AuditFilter()


async def test_the_newest_entry_is_the_asking_itself(staff: Staff) -> None:
    found = await staff.audit.list(staff.root, Page(1), ALL)
    (entry,) = found.items
    assert (entry.action, entry.object, entry.authorized) == ("audit:audit:list", "audit/audit/*", True)
    assert entry.subject == str(staff.root.subject)
    assert entry.request_id == "test"


async def test_pages_go_back_in_time_without_gaps(staff: Staff) -> None:
    for n in range(5):
        await staff.hire(f"user-{n}@bank.example")
    (total,) = await staff.db.fetch("select count(*) from audit_entries")
    seen: list[int] = []
    after: str | None = None
    reader = staff.root
    for _ in range(20):
        found = await staff.audit.list(reader, Page(3, after), ALL)
        seen += [entry.id for entry in found.items]
        if not found.has_next:
            break
        after = found.cursors[-1]
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == total[0] + 1


async def test_the_cursor_of_entry_42_is_the_interfaces(staff: Staff) -> None:
    found = await staff.audit.list(staff.root, Page(100), ALL)
    cursors = {entry.id: cursor for entry, cursor in zip(found.items, found.cursors, strict=True)}
    assert cursors[found.items[0].id].startswith("eyJpZCI6")
    assert not cursors[found.items[0].id].endswith("=")


async def test_filters_are_equal_and_all_of_them(staff: Staff) -> None:
    user = await staff.hire("ann@bank.example", "accountant")
    with pytest.raises(NotAuthorized):
        await staff.commands.run(acting(user), staff.access.create_role, "x", [])
    wanted = AuditFilter(subject=f"user:{user.id}", authorized=False, action="access:role:create")
    (entry,) = (await staff.audit.list(staff.root, Page(10), wanted)).items
    assert entry.object == "access/role/*"
    other = AuditFilter(subject=f"user:{user.id}", authorized=True, action="access:role:create")
    assert (await staff.audit.list(staff.root, Page(10), other)).items == []


async def test_subjects_are_distinct_and_ascending(staff: Staff) -> None:
    user = await staff.hire("ann@bank.example")
    await staff.commands.run(acting(user), staff.access.create_role, "x", [])
    expected = sorted(["system:bootstrap", str(staff.root.subject), f"user:{user.id}"])
    assert await staff.audit.subjects(staff.root) == expected


async def test_who_may_not_read_the_log_is_in_it(staff: Staff) -> None:
    nobody = await staff.commands.run(staff.root, staff.access.create_role, "nobody", [])
    user = await staff.commands.run(staff.root, staff.access.create_user, "n@bank.example", nobody.id)
    await staff.grants.refresh()
    ctx = acting(user)
    with pytest.raises(NotAuthorized):
        await staff.audit.list(ctx, Page(1), ALL)
    await staff.commands.flush(ctx)
    (entry,) = await staff.audited(subject=f"user:{user.id}")
    assert (entry.action, entry.authorized) == ("audit:audit:list", False)


async def test_several_ids_are_one_entry_that_names_them(staff: Staff) -> None:
    first, second = await staff.hire("a@bank.example"), await staff.hire("b@bank.example")
    await staff.access.find_many_users(staff.root, [first.id])
    await staff.access.find_many_users(staff.root, [second.id])
    await staff.commands.flush(staff.root)
    (entry,) = await staff.audited(action="access:user:read")
    assert entry.object == "access/user/*"
    assert set(entry.object_ids) == {first.id, second.id}


async def test_foreign_cursors_and_negative_pages_are_refused(staff: Staff) -> None:
    users = await staff.access.list_users(staff.root, Page(1))
    for cursor in (users.cursors[0], "rubbish", "eyJpZCI6IngifQ", "eyJpZCI6LTF9"):
        with pytest.raises(CursorDestructureError):
            await staff.audit.list(staff.root, Page(1, cursor), ALL)
    with pytest.raises(NegativeFirst):
        await staff.audit.list(staff.root, Page(-1), ALL)


async def test_an_empty_page_is_a_page(staff: Staff) -> None:
    found = await staff.audit.list(staff.root, Page(0), ALL)
    assert found.items == []
    assert found.has_next
