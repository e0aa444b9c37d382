"""A whole bank of the benchmark's own: PostgreSQL, Keycloak, gateway, admin-server and worker, each a process."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from lana.app import App, open_app
from lana.lib.config import Config, Secrets
from lana.lib.config.model import AccessConfig, AppConfig
from lana.up import postgres
from lana.up.home import Home
from tests.e2e.running import Bank

PARTS = ("postgres", "keycloak", "gateway", "admin-server", "worker")
SUPERUSER = "superuser@example.com"
PASSWORD = "a-password-of-benchmarks"
QUIET_SECONDS = 300.0
TOKEN_MARGIN_SECONDS = 60.0

_JOBS = "select count(*) from procrastinate_jobs where status in ('todo', 'doing')"
_EVENTS = """
select count(*) from outbox where type = any(%b::text[])
   and sequence > (select checkpoint from processors where name = %b::text)
"""


@dataclass
class Running:
    bank: Bank
    http: httpx.Client
    _token: str = ""
    _ends: float = 0.0

    @property
    def cluster(self) -> postgres.Cluster:
        return postgres.prepare(self.bank.home / "postgres", self.bank.ports["postgres"])

    def pid(self, part: str) -> int:
        state = Home(self.bank.home).read_state()
        assert state
        return state.children[part].pid

    def token(self) -> str:
        """A staff member's real token, a new one in time: they live 300 s."""
        if time.monotonic() > self._ends:
            answer = self.http.post(
                f"http://localhost:{self.bank.ports['keycloak']}/realms/admin/protocol/openid-connect/token",
                data={
                    "grant_type": "password",
                    "client_id": "admin-panel",
                    "username": SUPERUSER,
                    "password": PASSWORD,
                    "scope": "openid",
                },
            )
            granted = answer.raise_for_status().json()
            self._token = granted["access_token"]
            self._ends = time.monotonic() + granted["expires_in"] - TOKEN_MARGIN_SECONDS
        return self._token

    @asynccontextmanager
    async def app(self) -> AsyncIterator[App]:
        """The bank's services in this process, on the same database: to prepare, and to verify."""
        secrets = json.loads((self.bank.home / "secrets.json").read_text())
        config = Config(
            app=AppConfig(access=AccessConfig(superuser_email=SUPERUSER)),
            secrets=Secrets(pg_con=self.cluster.dsn(), encryption_key=secrets["encryption_key"]),
        )
        async with open_app(config, start=False) as app:
            yield app


@contextmanager
def running_bank(home: Path) -> Iterator[Running]:
    bank = Bank(home, PARTS)
    bank.environment |= {"LANA_SUPERUSER_EMAIL": SUPERUSER, "LANA_PASSWORD": PASSWORD}
    try:
        bank.up()
        with httpx.Client(timeout=30, trust_env=False) as http:
            yield Running(bank, http)
    finally:
        bank.down()


async def until_quiet(app: App) -> None:
    """No jobs wait and every event is processed: what the preparation caused is done."""
    async with asyncio.timeout(QUIET_SECONDS):
        while await _waiting(app):
            await asyncio.sleep(0.2)


async def _waiting(app: App) -> bool:
    for processor in app.processors:
        types = [event.__name__ for event in processor.takes]
        if (await app.db.fetch(_EVENTS, [types, processor.name]))[0][0]:
            return True
    return bool((await app.db.fetch(_JOBS))[0][0])
