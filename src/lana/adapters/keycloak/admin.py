"""Accounts named by Lana's id of the person, kept in the attribute `lanaId`.

Every method may be repeated. There is no way in without a password: where Keycloak can send mail it mails a
link to set one (`mails_links`), elsewhere a random one-time password is made, whose first use ends in
choosing another. It is returned once and kept nowhere.
"""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Final
from uuid import UUID

import msgspec

from lana.adapters.keycloak.errors import EmailTaken, KeycloakError, MultipleUsersFound, UserNotFound
from lana.adapters.keycloak.transport import Transport
from lana.core.access import OneTimePassword

_FIRST_LOGIN: Final = "UPDATE_PASSWORD"
# no letters that are mistaken for one another when read from a screen
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"


class _Account(msgspec.Struct, rename="camel"):
    id: str
    attributes: dict[str, list[str]] = {}
    required_actions: list[str] = []

    @property
    def awaits_first_login(self) -> bool:
        return _FIRST_LOGIN in self.required_actions


class KeycloakAdmin:
    """The port `lana.core.access.Logins` for one realm. Close it when done."""

    def __init__(
        self, url: str, realm: str, client_id: str, client_secret: str, *, mails_links: bool = False
    ) -> None:
        self._http = Transport(url, realm, client_id, client_secret)
        self._mails_links = mails_links

    async def close(self) -> None:
        await self._http.close()

    async def ensure(self, lana_id: UUID, email: str) -> OneTimePassword | None:
        """Make the account unless there is one. `EmailTaken` when the e-mail is another person's."""
        account = await self._maybe_find(lana_id)
        if account is not None:
            if self._mails_links and account.awaits_first_login:
                await self._mail_link(account)
            return None
        password = None if self._mails_links else _one_time_password(email)
        account = await self._create(lana_id, email, password)
        if account is None:
            return None
        if self._mails_links:
            await self._mail_link(account)
        return password

    async def renew_password(self, lana_id: UUID, email: str) -> OneTimePassword | None:
        """A fresh one-time password, or link, as long as the person has not chosen a password."""
        made = await self.ensure(lana_id, email)
        if made is not None or self._mails_links:
            return made
        account = await self._find(lana_id)
        if not account.awaits_first_login:
            return None
        password = _one_time_password(email)
        await self._put(f"/users/{account.id}/reset-password", _credential(password))
        return password

    async def update_email(self, lana_id: UUID, email: str) -> None:
        account = await self._find(lana_id)
        await self._put(f"/users/{account.id}", {"email": email, "emailVerified": True})

    async def set_enabled(self, lana_id: UUID, enabled: bool) -> None:
        account = await self._find(lana_id)
        await self._put(f"/users/{account.id}", {"enabled": enabled})

    async def _create(self, lana_id: UUID, email: str, password: OneTimePassword | None) -> _Account | None:
        """The new account; None when another call for the same person was quicker."""
        body: dict[str, object] = {
            "username": email,
            "email": email,
            "emailVerified": True,
            "enabled": True,
            "attributes": {"lanaId": [str(lana_id)]},
            "requiredActions": [_FIRST_LOGIN],
        }
        if password is not None:
            body["credentials"] = [_credential(password)]
        answer = await self._http.request("POST", "/users", json=body)
        match answer.status_code:
            case HTTPStatus.CREATED:
                return await self._find(lana_id)
            case HTTPStatus.CONFLICT:
                if await self._maybe_find(lana_id) is None:
                    raise EmailTaken("the e-mail belongs to an account of another person")
                return None
            case status:
                raise KeycloakError(f"account not created: {status}")

    async def _find(self, lana_id: UUID) -> _Account:
        account = await self._maybe_find(lana_id)
        if account is None:
            raise UserNotFound(f"no account has lanaId {lana_id}")
        return account

    async def _maybe_find(self, lana_id: UUID) -> _Account | None:
        params = {"q": f"lanaId:{lana_id}", "briefRepresentation": "false", "max": "2"}
        answer = await self._http.request("GET", "/users", params=params)
        if answer.status_code != HTTPStatus.OK:
            raise KeycloakError(f"accounts not searched: {answer.status_code}")
        found = [
            account
            for account in msgspec.json.decode(answer.content, type=list[_Account])
            if account.attributes.get("lanaId") == [str(lana_id)]
        ]
        if len(found) > 1:
            raise MultipleUsersFound(f"several accounts have lanaId {lana_id}")
        return found[0] if found else None

    async def _mail_link(self, account: _Account) -> None:
        await self._put(f"/users/{account.id}/execute-actions-email", [_FIRST_LOGIN])

    async def _put(self, path: str, body: object) -> None:
        answer = await self._http.request("PUT", path, json=body)
        if not answer.is_success:
            raise KeycloakError(f"PUT {path}: {answer.status_code}")


def _one_time_password(email: str) -> OneTimePassword:
    """78 bits, in four groups."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
    return OneTimePassword(email=email, secret="-".join(groups))


def _credential(password: OneTimePassword) -> dict[str, object]:
    return {"type": "password", "value": password.secret, "temporary": True}
