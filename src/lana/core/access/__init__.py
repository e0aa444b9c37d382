"""Staff access: users, roles, permission sets, and what they let people do."""

from lana.core.access.bootstrap import bootstrap
from lana.core.access.descriptions import description_of
from lana.core.access.grants import GrantsRefresher, load_grants
from lana.core.access.logins import Announce, Logins, OneTimePassword
from lana.core.access.navigation import Navigation, visible_navigation
from lana.core.access.permission_set.entity import PermissionSet
from lana.core.access.primitives import StaffKind
from lana.core.access.public import RoleCreated, UserActivityChanged, UserCreated
from lana.core.access.role.entity import Role
from lana.core.access.service import AccessService
from lana.core.access.user.entity import User

__all__ = [
    "AccessService",
    "Announce",
    "GrantsRefresher",
    "Logins",
    "Navigation",
    "OneTimePassword",
    "PermissionSet",
    "Role",
    "RoleCreated",
    "StaffKind",
    "User",
    "UserActivityChanged",
    "UserCreated",
    "bootstrap",
    "description_of",
    "load_grants",
    "visible_navigation",
]
