"""Objects and actions of staff access, and its small enums."""

from __future__ import annotations

from enum import StrEnum

from lana.lib.authz import Resource

USER = Resource("access", "user")
ROLE = Resource("access", "role")
PERMISSION_SET = Resource("access", "permission-set")

USER_READ = USER.action("read")
USER_LIST = USER.action("list")
USER_CREATE = USER.action("create")
USER_UPDATE = USER.action("update")
USER_UPDATE_ROLE = USER.action("update-role")

ROLE_READ = ROLE.action("read")
ROLE_LIST = ROLE.action("list")
ROLE_CREATE = ROLE.action("create")
ROLE_UPDATE = ROLE.action("update")

PERMISSION_SET_LIST = PERMISSION_SET.action("list")


class StaffKind(StrEnum):
    """A person logs in with a password; a service is a third party's machine client."""

    PERSON = "person"
    SERVICE = "service"
