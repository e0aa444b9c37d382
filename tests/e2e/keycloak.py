"""A Keycloak of the tests' own, with people in it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import httpx

PASSWORD = "a-password-of-tests"
CLIENTS = {"admin": "admin-panel", "customer": "customer-portal"}


@dataclass
class Keycloak:
    base: str
    admin_password: str
    secrets: dict[str, str]
    http: httpx.Client
    _tokens: dict[tuple[str, str, str], dict[str, str]] = field(default_factory=dict)
    _admin: tuple[str, float] = ("", 0.0)

    def issuer(self, realm: str) -> str:
        return f"{self.base}/realms/{realm}"

    def tokens(self, realm: str, user: str, client: str | None = None) -> dict[str, str]:
        """Access, id and refresh token of a person; kept, because a login costs 80 ms."""
        key = (realm, user, client or CLIENTS[realm])
        if key not in self._tokens:
            self._tokens[key] = self.login(realm, user, client)
        return self._tokens[key]

    def token(self, realm: str, user: str) -> str:
        return self.tokens(realm, user)["access_token"]

    def login(self, realm: str, user: str, client: str | None = None) -> dict[str, str]:
        client = client or CLIENTS[realm]
        form = {"grant_type": "password", "client_id": client, "username": user, "scope": "openid"}
        if client in self.secrets:
            form["client_secret"] = self.secrets[client]
        return self.ask(realm, password=PASSWORD, **form).raise_for_status().json()

    def ask(self, realm: str, **form: str) -> httpx.Response:
        url = f"{self.issuer(realm)}/protocol/openid-connect/token"
        answer = self.http.post(url, data=form)
        if answer.status_code == 400 and form["grant_type"] == "password" and form["password"] == PASSWORD:
            answer = self.http.post(url, data=form)  # about one good login in a thousand fails once
        return answer

    def service_token(self, realm: str) -> str:
        client = f"{realm}-service-account"
        answer = self.ask(
            realm, grant_type="client_credentials", client_id=client, client_secret=self.secrets[client]
        )
        return answer.raise_for_status().json()["access_token"]

    def admin(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """Keycloak's admin API below /admin/realms/, as its own administrator."""
        token, fetched = self._admin
        if time.monotonic() - fetched > 30:
            form = {"client_id": "admin-cli", "username": "lana-admin", "password": self.admin_password}
            token = (
                self.ask("master", grant_type="password", **form).raise_for_status().json()["access_token"]
            )
            self._admin = (token, time.monotonic())
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{self.base}/admin/realms/{path}"
        return self.http.request(method, url, headers=headers, **arguments).raise_for_status()

    def create_user(self, realm: str, email: str, lana_id: str | None) -> str:
        """Returns the account's id; somebody who is there already is left as they are."""
        found = self.admin("GET", f"{realm}/users", params={"email": email, "exact": "true"}).json()
        if found:
            return found[0]["id"]
        account: dict[str, Any] = {
            "username": email,
            "email": email,
            "emailVerified": True,
            "enabled": True,
            "attributes": {} if lana_id is None else {"lanaId": [lana_id]},
            "credentials": [{"type": "password", "value": PASSWORD, "temporary": False}],
        }
        try:
            made = self.admin("POST", f"{realm}/users", json=account)
        except httpx.HTTPStatusError as error:
            if error.response.status_code != HTTPStatus.CONFLICT:
                raise
            return self.create_user(realm, email, lana_id)  # another worker was quicker
        return made.headers["location"].rsplit("/", 1)[1]

    def create_client(self, realm: str, client: str) -> None:
        """A public client without the API's audience."""
        if self.admin("GET", f"{realm}/clients", params={"clientId": client}).json():
            return
        wanted = {"clientId": client, "publicClient": True, "directAccessGrantsEnabled": True}
        self.admin("POST", f"{realm}/clients", json={**wanted, "fullScopeAllowed": False})
