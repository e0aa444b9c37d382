"""Authenticated requests to the admin REST API of one realm.

The client authenticates by client credentials in the same realm and keeps its token until shortly before it
expires. A request that met no answer, or 429 or 5xx, is repeated at most `ATTEMPTS` times; so every call
built on this must be harmless when repeated. 401 fetches a new token once (the realm's keys or the client's
session may have changed).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, TypedDict, Unpack

import httpx
import msgspec
import stamina

from lana.adapters.keycloak.errors import KeycloakError

ATTEMPTS: Final = 3
TIMEOUT_SECONDS: Final = 10.0
RENEW_BEFORE_SECONDS: Final = 30.0


class _Token(msgspec.Struct):
    access_token: str
    expires_in: int


class _Sent(TypedDict, total=False):
    json: object
    params: Mapping[str, str]


class _TryAgain(Exception):
    """No answer, or one that says to come back."""


class Transport:
    """`url` is Keycloak's own (`http://localhost:8081`), with or without its last slash."""

    def __init__(self, url: str, realm: str, client_id: str, client_secret: str) -> None:
        base = url.rstrip("/")
        self._token_url = f"{base}/realms/{realm}/protocol/openid-connect/token"
        self._admin_url = f"{base}/admin/realms/{realm}"
        self._credentials = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
        }
        self._http = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=False)
        self._token = ""
        self._renew_at = 0.0
        self._renewing = asyncio.Lock()

    async def close(self) -> None:
        await self._http.aclose()

    async def request(self, method: str, path: str, **sent: Unpack[_Sent]) -> httpx.Response:
        """The answer, whatever its status below 500. `KeycloakError` when there is none."""
        try:
            async for attempt in stamina.retry_context(
                on=_TryAgain, attempts=ATTEMPTS, wait_initial=0.2, wait_max=2, wait_jitter=0.2
            ):
                with attempt:
                    return await self._send(method, path, **sent)
        except _TryAgain as error:
            raise KeycloakError(f"{method} {path}: {error}") from error.__cause__
        raise AssertionError("stamina either answers or raises")

    async def _send(self, method: str, path: str, **sent: Unpack[_Sent]) -> httpx.Response:
        token = await self._bearer()
        answer = await self._once(token, method, path, **sent)
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            if token == self._token:
                self._renew_at = 0.0
            answer = await self._once(await self._bearer(), method, path, **sent)
        return answer

    async def _once(self, token: str, method: str, path: str, **sent: Unpack[_Sent]) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return await self._answer(
            self._http.build_request(method, self._admin_url + path, headers=headers, **sent)
        )

    async def _bearer(self) -> str:
        async with self._renewing:
            if time.monotonic() >= self._renew_at:
                await self._renew()
            return self._token

    async def _renew(self) -> None:
        answer = await self._answer(self._http.build_request("POST", self._token_url, data=self._credentials))
        if answer.status_code != HTTPStatus.OK:
            raise KeycloakError(f"the service client got no token: {answer.status_code}")
        token = msgspec.json.decode(answer.content, type=_Token)
        self._token = token.access_token
        self._renew_at = time.monotonic() + token.expires_in - RENEW_BEFORE_SECONDS

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        try:
            answer = await self._http.send(request)
        except httpx.TransportError as error:
            raise _TryAgain(type(error).__name__) from error
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS or answer.is_server_error:
            raise _TryAgain(str(answer.status_code))
        return answer
