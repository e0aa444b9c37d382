"""The little of Keycloak's admin API that starting a bank needs."""

from collections.abc import Mapping
from typing import cast

import httpx

from lana.up.errors import KeycloakFailed
from lana.up.gateway.table import Json

SECONDS = 15.0
ADMINISTRATOR = "lana-admin"
ORIGINS = ("redirectUris", "webOrigins")


class RealmAdmin:
    """One realm, by its service client (rights: manage-users, view-users, query-users)."""

    def __init__(self, base: str, realm: str, client: str, secret: str) -> None:
        self._base: str = base.rstrip("/")
        self._realm: str = realm
        self._client: tuple[str, str] = (client, secret)

    async def set_password(self, email: str, password: str) -> bool:
        """Gives the account this password and nothing left to do at login. False: no such account yet."""
        async with httpx.AsyncClient(timeout=SECONDS, trust_env=False) as http:
            headers = {"Authorization": f"Bearer {await self._token(http)}"}
            users = f"{self._base}/admin/realms/{self._realm}/users"
            found = await http.get(users, params={"email": email, "exact": "true"}, headers=headers)
            accounts: list[dict[str, object]] = found.raise_for_status().json()
            if not accounts or not _has_lana_id(accounts[0]):
                return False
            account = f"{users}/{accounts[0]['id']}"
            wanted = {"type": "password", "value": password, "temporary": False}
            done = await http.put(f"{account}/reset-password", json=wanted, headers=headers)
            _ = done.raise_for_status()
            done = await http.put(account, json={**accounts[0], "requiredActions": []}, headers=headers)
            _ = done.raise_for_status()
            return True

    async def _token(self, http: httpx.AsyncClient) -> str:
        client, secret = self._client
        answer = await http.post(
            f"{self._base}/realms/{self._realm}/protocol/openid-connect/token",
            data={"grant_type": "client_credentials", "client_id": client, "client_secret": secret},
        )
        if answer.is_error:
            raise KeycloakFailed(
                f"Keycloak refuses the client {client} in realm {self._realm} ({answer.status_code}).",
                "Is the realm imported from gateway/keycloak, and its secret the one of this home?",
            )
        return str(answer.json()["access_token"])


async def set_origins(base: str, password: str, realm: str, wanted: Mapping[str, Json]) -> None:
    """Lets browsers come from where the gateway is now: an import leaves a realm that exists as it was.

    `wanted` is the browser client as the realm file has it; `password` is that of Keycloak's administrator.
    """
    form = {
        "grant_type": "password",
        "client_id": "admin-cli",
        "username": ADMINISTRATOR,
        "password": password,
    }
    async with httpx.AsyncClient(timeout=SECONDS, trust_env=False) as http:
        answer = await http.post(f"{base}/realms/master/protocol/openid-connect/token", data=form)
        if answer.is_error:
            raise KeycloakFailed(
                f"Keycloak refuses its administrator {ADMINISTRATOR} ({answer.status_code}).",
                "Was secrets.json of this home replaced, or the password changed?",
            )
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        clients = f"{base}/admin/realms/{realm}/clients"
        found = await http.get(clients, params={"clientId": str(wanted["clientId"])}, headers=headers)
        client: dict[str, object] = found.raise_for_status().json()[0]
        changed = {name: wanted[name] for name in ORIGINS if client.get(name) != wanted[name]}
        if changed:
            attributes = {
                **cast("dict[str, str]", client["attributes"]),
                **cast("dict[str, str]", wanted["attributes"]),
            }
            content = {**client, **changed, "attributes": attributes}
            done = await http.put(f"{clients}/{client['id']}", json=content, headers=headers)
            _ = done.raise_for_status()


def _has_lana_id(account: dict[str, object]) -> bool:
    attributes = account.get("attributes")
    return isinstance(attributes, dict) and "lanaId" in attributes
