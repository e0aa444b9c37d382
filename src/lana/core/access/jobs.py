"""The login of a member of staff at the identity provider, brought to what it should be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final
from uuid import UUID

from lana.core.access.logins import Announce, Logins, OneTimePassword
from lana.core.access.service import AccessService
from lana.core.access.user.repo import KIND
from lana.lib.es.op import DeferredJob

CREATE_LOGIN: Final = "access.create-keycloak-user"
SYNC_LOGIN: Final = "access.sync-keycloak-user"


def create_login(user_id: UUID) -> DeferredJob:
    return DeferredJob(CREATE_LOGIN, {"user_id": str(user_id)}, lock=f"staff-login:{user_id}")


def sync_login(user_id: UUID) -> DeferredJob:
    return DeferredJob(SYNC_LOGIN, {"user_id": str(user_id)}, lock=f"staff-login:{user_id}")


async def first_login(access: AccessService, logins: Logins, user_id: UUID) -> OneTimePassword | None:
    """For `lana-cli user create`, after the user is stored: the password to show, once, on this terminal.

    None when Keycloak mails a link, when the person has chosen a password already, and for services. If a
    worker was quicker, its password is replaced by the one shown here.
    """
    email = await _login_email(access, user_id)
    return await logins.renew_password(user_id, email) if email else None


class CreateLogin:
    """Once per user. Idempotent by the user's id; default retries."""

    name: ClassVar[str] = CREATE_LOGIN

    def __init__(self, access: AccessService, logins: Logins, announce: Announce) -> None:
        self._access = access
        self._logins = logins
        self._announce = announce

    async def run(self, args: Mapping[str, object]) -> None:
        user_id = UUID(str(args["user_id"]))
        email = await _login_email(self._access, user_id)
        if email is None:
            return
        password = await self._logins.ensure(user_id, email)
        if password is not None:
            self._announce(password)
        user = await self._access.users.peek(user_id)
        if user is not None and not user.active:
            await self._logins.set_enabled(user_id, enabled=False)


class SyncLogin:
    """Admittance as the bank knows it when it runs, so runs may come late or in any order.

    One at a time per user, because two at once could leave the older answer. Default retries.
    """

    name: ClassVar[str] = SYNC_LOGIN

    def __init__(self, access: AccessService, logins: Logins) -> None:
        self._access = access
        self._logins = logins

    async def run(self, args: Mapping[str, object]) -> None:
        user = await self._access.users.peek(UUID(str(args["user_id"])))
        if user is not None and user.has_login:
            await self._logins.set_enabled(user.id, enabled=user.active)


async def _login_email(access: AccessService, user_id: UUID) -> str | None:
    """The e-mail of a user who logs in with a password; None for services, unknown and erased ones."""
    user = await access.users.peek(user_id)
    if user is None or not user.has_login:
        return None
    person = await access.personal_data.find(KIND, user_id)
    return person.email if person else None
