"""Staff access: users, roles, permission sets, and what they let people do."""

from lana.core.access.bootstrap import bootstrap
from lana.core.access.descriptions import description_of
from lana.core.access.grants import GrantsRefresher, load_grants
from lana.core.access.jobs import CreateLogin, SyncLogin, create_login, first_login, sync_login
from lana.core.access.logins import Announce, Logins, OneTimePassword
from lana.core.access.navigation import MayCreate, Navigation
from lana.core.access.permission_set.entity import PermissionSet
from lana.core.access.primitives import StaffKind
from lana.core.access.public import RoleCreated, UserActivityChanged, UserCreated
from lana.core.access.role.entity import Role
from lana.core.access.service import AccessService
from lana.core.access.user.entity import User

__all__ = [
    "AccessService",
    "Announce",
    "CreateLogin",
    "GrantsRefresher",
    "Logins",
    "MayCreate",
    "Navigation",
    "OneTimePassword",
    "PermissionSet",
    "Role",
    "RoleCreated",
    "StaffKind",
    "SyncLogin",
    "User",
    "UserActivityChanged",
    "UserCreated",
    "bootstrap",
    "create_login",
    "description_of",
    "first_login",
    "load_grants",
    "sync_login",
]
