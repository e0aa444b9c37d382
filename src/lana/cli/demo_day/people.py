"""Who plays: the superuser, a second approver, a customer. Their logins get the demo's password."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx
import msgspec

from lana.cli.demo_day.client import Api, DemoFailed, Login
from lana.up.keycloak_admin import RealmAdmin

T = TypeVar("T")

PATIENCE_SECONDS = 30.0
PAUSE_SECONDS = 0.25


class Place(msgspec.Struct, frozen=True):
    """Where the bank of this demo is, and what its home knows."""

    staff_api: str
    customer_api: str
    keycloak: str
    superuser: str
    password: str
    staff_service_secret: str
    customer_service_secret: str
    portal_secret: str


async def until(what: str, found: Callable[[], Awaitable[T | None]]) -> T:
    """Ask until there is an answer, at most `PATIENCE_SECONDS`."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            answer = await found()
            if answer is not None:
                return answer
            await asyncio.sleep(PAUSE_SECONDS)
    raise DemoFailed(what)


class People:
    def __init__(self, http: httpx.AsyncClient, place: Place) -> None:
        self._http = http
        self.place = place

    def superuser(self) -> Api:
        return self._staff(self.place.superuser)

    async def staff(self, email: str) -> Api:
        await self._give_password("admin", "admin-service-account", self.place.staff_service_secret, email)
        return self._staff(email)

    async def customer(self, email: str) -> Api:
        await self._give_password(
            "customer", "customer-service-account", self.place.customer_service_secret, email
        )
        return Api(self._http, self.place.customer_api, self._customer_login(email))

    def customer_at_the_staff_api(self, email: str) -> Api:
        return Api(self._http, self.place.staff_api, self._customer_login(email))

    def _staff(self, email: str) -> Api:
        login = Login(self.place.keycloak, "admin", "admin-panel", email, self.place.password)
        return Api(self._http, self.place.staff_api, login)

    def _customer_login(self, email: str) -> Login:
        place = self.place
        return Login(
            place.keycloak, "customer", "customer-portal", email, place.password, place.portal_secret
        )

    async def _give_password(self, realm: str, client: str, secret: str, email: str) -> None:
        """The bank makes the login by a job; the demo stands in for the person who chooses a password."""
        admin = RealmAdmin(self.place.keycloak, realm, client, secret)

        async def given() -> bool | None:
            return await admin.set_password(email, self.place.password) or None

        try:
            await until("", given)
        except TimeoutError:
            raise DemoFailed(
                f"Keycloak has no login for {email} after {PATIENCE_SECONDS:g} s. Does a worker run?"
            ) from None
