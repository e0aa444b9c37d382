"""Staff access and the audit log through the admin API's own types."""

from __future__ import annotations

from uuid import uuid4

import pytest

from lana.core.access.role.errors import SuperuserRoleCannotBeAssigned
from lana.lib.errors import NotAuthorized
from tests.support.staff import SUPERUSER, Api, Staff, acting

USERS = "{ users(first: 2) { nodes { email role { name } } pageInfo { hasNextPage endCursor } } }"
CREATE = (
    "mutation($input: UserCreateInput!) { userCreate(input: $input) { user { userId email active kind } } }"
)


@pytest.fixture
def api(staff: Staff) -> Api:
    return Api(staff)


async def test_a_nested_list_is_two_audit_entries(staff: Staff, api: Api) -> None:
    await staff.hire("ann@bank.example")
    ctx = acting(staff.root.subject.id)
    data = await api.ask(ctx, USERS)
    assert [node["role"]["name"] for node in data["users"]["nodes"]] == ["admin", "superuser"]
    entries = [entry for entry in await staff.audited(subject=str(ctx.subject)) if "read" in entry.action]
    (role,) = entries
    assert (role.action, len(role.object_ids)) == ("access:role:read", 2)


async def test_without_the_viewer_set_the_list_is_refused_and_audited_once(staff: Staff, api: Api) -> None:
    stranger = acting(uuid4())
    error = await api.refused(stranger, USERS)
    assert isinstance(error, NotAuthorized)
    (entry,) = await staff.audited(subject=str(stranger.subject))
    assert (entry.action, entry.object, entry.authorized) == ("access:user:list", "access/user/*", False)


async def test_me_shows_who_i_am_and_what_i_may_see(staff: Staff, api: Api) -> None:
    data = await api.ask(
        staff.root,
        "{ me { user { email role { permissionSets { name description } } userCanUpdateRoleOfUser }"
        " userCanCreateUser userCanCreateProspect userCanCreateTermsTemplate userCanCreateCustodian"
        " visibleNavigationItems { term user customer deposit withdraw audit financials creditFacilities"
        " governance { committee policy approvalProcess } } } }",
    )
    assert data["me"]["user"]["email"] == SUPERUSER
    assert len(data["me"]["user"]["role"]["permissionSets"]) == 33
    items = data["me"]["visibleNavigationItems"]
    assert all(items.pop("governance").values())
    assert all(items.values())


async def test_a_created_user_may_act_at_once(staff: Staff, api: Api) -> None:
    role = await staff.role("admin")
    data = await api.ask(staff.root, CREATE, input={"email": "ann@bank.example", "roleId": str(role.id)})
    user = data["userCreate"]["user"]
    assert (user["email"], user["active"], user["kind"]) == ("ann@bank.example", True, "PERSON")
    ann = await staff.access.personal_data.id_by_email("user", "ann@bank.example")
    assert ann is not None
    assert (await api.ask(acting(ann), "{ me { user { email } } }"))["me"]["user"]["email"] == user["email"]


async def test_the_next_check_knows_that_a_set_was_removed(staff: Staff, api: Api) -> None:
    ann = await staff.hire("ann@bank.example")
    admin = await staff.role("admin")
    writer = await staff.access.permission_sets.maybe_by("name", "access_writer")
    assert writer is not None
    remove = (
        "mutation($input: RolePermissionSetsRemoveInput!) {"
        " rolePermissionSetsRemove(input: $input) { role { permissionSets { name } } } }"
    )
    given = {"roleId": str(admin.id), "permissionSetIds": [str(writer.id)]}
    data = await api.ask(staff.root, remove, input=given)
    names = [one["name"] for one in data["rolePermissionSetsRemove"]["role"]["permissionSets"]]
    assert len(names) == 28
    assert isinstance(await api.refused(acting(ann), remove, input=given), NotAuthorized)


async def test_a_deactivated_user_is_refused_at_once(staff: Staff, api: Api) -> None:
    ann = await staff.hire("ann@bank.example")
    deactivate = "mutation($id: UUID!) { userDeactivate(input: {userId: $id}) { user { active } } }"
    data = await api.ask(staff.root, deactivate, id=str(ann.id))
    assert data["userDeactivate"]["user"]["active"] is False
    assert isinstance(await api.refused(acting(ann), "{ me { user { userId } } }"), NotAuthorized)


async def test_the_superuser_role_cannot_be_assigned(staff: Staff, api: Api) -> None:
    role = await staff.role("superuser")
    error = await api.refused(staff.root, CREATE, input={"email": "x@bank.example", "roleId": str(role.id)})
    assert isinstance(error, SuperuserRoleCannotBeAssigned)
    assert error.code == "SUPERUSER_ROLE_CANNOT_BE_ASSIGNED"


async def test_what_is_not_there_is_null(staff: Staff, api: Api) -> None:
    data = await api.ask(
        staff.root, "query($id: UUID!) { user(id: $id) { userId } role(id: $id) { roleId } }", id=str(uuid4())
    )
    assert data == {"user": None, "role": None}


async def test_the_history_of_a_user_shows_the_current_email_and_no_digest(staff: Staff, api: Api) -> None:
    ann = await staff.hire("ann@bank.example")
    data = await api.ask(
        staff.root,
        "query($id: UUID!) { user(id: $id) { eventHistory(first: 5) { nodes {"
        " eventType payload subject { ... on User { email } } } } } }",
        id=str(ann.id),
    )
    (entry,) = data["user"]["eventHistory"]["nodes"]
    assert entry["eventType"] == "initialized"
    assert entry["payload"] == {"email": "ann@bank.example", "staff_kind": "person"}
    assert entry["subject"] == {"email": SUPERUSER}


async def test_the_audit_log_names_people_and_the_system(staff: Staff, api: Api) -> None:
    data = await api.ask(
        staff.root,
        "{ audit(first: 100) { nodes { auditEntryId action object authorized recordedAt"
        " subject { ... on User { email } ... on System { actor } } } } auditSubjects }",
    )
    nodes = data["audit"]["nodes"]
    assert nodes[0]["action"] == "audit:audit:list"
    assert nodes[0]["subject"] == {"email": SUPERUSER}
    assert {"actor": "bootstrap"} in [node["subject"] for node in nodes]
    assert data["auditSubjects"] == ["system:bootstrap", str(staff.root.subject)]


async def test_an_existing_role_name_answers_the_existing_role(staff: Staff, api: Api) -> None:
    create = "mutation($input: RoleCreateInput!) { roleCreate(input: $input) { role { roleId name } } }"
    admin = await staff.role("admin")
    data = await api.ask(staff.root, create, input={"name": "admin", "permissionSetIds": []})
    assert data["roleCreate"]["role"] == {"roleId": str(admin.id), "name": "admin"}
