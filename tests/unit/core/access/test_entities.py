"""Users, roles and permission sets, decided without a database."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest

from lana.core.access.matrix import Permission
from lana.core.access.permission_set import entity as sets
from lana.core.access.permission_set.entity import PermissionSet
from lana.core.access.primitives import StaffKind
from lana.core.access.role import entity as roles
from lana.core.access.role.entity import Role
from lana.core.access.user import entity as users
from lana.core.access.user.email import checked_email
from lana.core.access.user.entity import User
from lana.core.access.user.errors import InvalidEmail
from lana.lib.es.entity import ALREADY, DONE

A, B, C = (UUID(int=n) for n in (1, 2, 3))


def a_user(kind: StaffKind = StaffKind.PERSON) -> User:
    return User.born(users.Initialized(id=A, email_digest="d", role_id=B, staff_kind=kind))


def a_role(*held: UUID) -> Role:
    return Role.born(roles.Initialized(id=A, name="teller", permission_set_ids=held))


def test_the_same_role_again_changes_nothing() -> None:
    user = a_user()
    assert user.update_role(B) is ALREADY
    assert user.update_role(C) is DONE
    assert user.role_id == C
    assert user.version == 2


def test_a_user_is_deactivated_and_activated_once() -> None:
    user = a_user()
    assert user.activate() is ALREADY
    assert user.deactivate() is DONE
    assert not user.active
    assert user.deactivate() is ALREADY
    assert user.activate() is DONE
    assert user.active


def test_a_service_has_no_login_of_the_bank() -> None:
    assert a_user().has_login
    assert not a_user(StaffKind.SERVICE).has_login


def test_adding_a_set_that_is_held_changes_nothing() -> None:
    role = a_role(A)
    assert role.add([A]) is ALREADY
    assert role.add([A, B, B]) is DONE
    assert role.permission_set_ids == (A, B)
    assert role.version == 2


def test_removing_a_set_that_is_not_held_changes_nothing() -> None:
    role = a_role(A)
    assert role.remove([C]) is ALREADY
    assert role.remove([A, C]) is DONE
    assert role.permission_set_ids == ()


def test_a_start_never_grants_again_what_was_removed_on_purpose() -> None:
    role = a_role(A, B)
    role.remove([A])
    assert role.learn([A, B]) is ALREADY
    assert role.learn([A, B, C]) is DONE
    assert role.permission_set_ids == (B, C)


def test_a_set_given_back_by_hand_is_no_longer_removed_on_purpose() -> None:
    role = a_role(A)
    role.remove([A])
    role.add([A])
    assert role.removed_on_purpose == ()


def test_a_permission_set_learns_only_what_is_new() -> None:
    first, second = Permission("a/b/*", "a:b:read"), Permission("a/b/*", "a:b:list")
    found = PermissionSet.born(sets.Initialized(id=A, name="a_viewer", permissions=(first,)))
    assert found.learn([first]) is ALREADY
    assert found.learn([first, second]) is DONE
    assert found.permissions == (first, second)


@pytest.mark.parametrize("entity", [a_user(), a_role(A, B)])
def test_state_survives_its_json(entity: User | Role) -> None:
    assert msgspec.json.decode(msgspec.json.encode(entity), type=type(entity)) == entity


def test_events_are_stored_under_their_names() -> None:
    event = users.Initialized(id=A, email_digest="d", role_id=B)
    assert msgspec.json.decode(msgspec.json.encode(event)) == {
        "type": "initialized",
        "id": str(A),
        "email_digest": "d",
        "role_id": str(B),
        "staff_kind": "person",
    }


@pytest.mark.parametrize("email", ["", "a", "a@", "@b", "a b@c", "a@b@c", "a@b\x00", "x" * 250 + "@bank"])
def test_an_email_the_identity_provider_would_refuse_is_refused(email: str) -> None:
    with pytest.raises(InvalidEmail) as refused:
        checked_email(email)
    assert refused.value.code == "INVALID_EMAIL"


def test_an_email_is_kept_as_given() -> None:
    assert checked_email("Ann.Lee+x@Bank.example") == "Ann.Lee+x@Bank.example"
