"""A GraphQL client with a person's own token, as any other client of the bank has."""

from __future__ import annotations

import asyncio
import time
from typing import Any, cast
from uuid import uuid4

import httpx
import msgspec

SECONDS = 30.0
RENEW_BEFORE = 30.0
ADMISSION_SECONDS = 20.0
ADMISSION_PAUSE_SECONDS = 0.5


class DemoFailed(Exception):
    """The play cannot go on; the message says why and what to do."""


class Refused(Exception):
    """The bank said no: `code` is its reason for programs, the text its reason for people."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class Login(msgspec.Struct, frozen=True):
    """A person at Keycloak: password grant of a development login."""

    keycloak: str
    realm: str
    client: str
    email: str
    password: str
    client_secret: str | None = None


class Api:
    """One person at one of the bank's two APIs."""

    def __init__(self, http: httpx.AsyncClient, url: str, login: Login) -> None:
        self._http = http
        self._url = url
        self._login = login
        self._token = ""
        self._good_until = 0.0

    async def ask(self, query: str, **variables: object) -> dict[str, Any]:
        """The answer's data. `Refused` for the first error; each call is one command at most, however often
        sent.
        """
        headers = {"Authorization": f"Bearer {await self.token()}", "Idempotency-Key": str(uuid4())}
        body = {"query": query, "variables": variables}
        answer = await self._http.post(self._url, json=body, headers=headers)
        if answer.status_code != 200:
            raise Refused(str(answer.status_code), answer.text.strip() or answer.reason_phrase)
        told = cast("dict[str, Any]", answer.json())
        if told.get("errors"):
            error = told["errors"][0]
            raise Refused(error.get("extensions", {}).get("code", ""), error["message"])
        return cast("dict[str, Any]", told["data"])

    async def do(self, mutation: str, payload: str, **fields: object) -> Any:
        """Run `mutation(input: {fields})` and answer its payload's selection."""
        name = mutation[0].upper() + mutation[1:]
        document = f"mutation Demo($input: {name}Input!) {{ {mutation}(input: $input) {{ {payload} }} }}"
        return (await self.ask(document, input=fields))[mutation]

    async def token(self) -> str:
        if time.monotonic() > self._good_until:
            await self._log_in()
        return self._token

    async def _log_in(self) -> None:
        login = self._login
        form = {
            "grant_type": "password",
            "client_id": login.client,
            "username": login.email,
            "password": login.password,
            **({"client_secret": login.client_secret} if login.client_secret else {}),
        }
        url = f"{login.keycloak}/realms/{login.realm}/protocol/openid-connect/token"
        deadline = time.monotonic() + ADMISSION_SECONDS
        answer = await self._http.post(url, data=form)
        # a login that was shut opens by a job, a moment after the bank says so
        while "Account disabled" in answer.text and time.monotonic() < deadline:
            await asyncio.sleep(ADMISSION_PAUSE_SECONDS)
            answer = await self._http.post(url, data=form)
        if answer.is_error:
            raise DemoFailed(
                f"Keycloak does not let {login.email} in"
                f" ({answer.status_code}: {answer.text.strip()[:200]}). "
                "Is the password the one of the configuration?"
            )
        given = answer.json()
        self._token = str(given["access_token"])
        self._good_until = time.monotonic() + float(given["expires_in"]) - RENEW_BEFORE
