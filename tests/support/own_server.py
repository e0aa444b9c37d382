"""A PostgreSQL of a test's own, to be stopped, crashed and filled, and callers that never give up."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid4

import psycopg

from lana.app import App
from lana.core.deposit import Deposit
from lana.lib.authz import Ctx
from lana.lib.errors import Kind, Refusal
from lana.up.postgres import start_postgres, stop_postgres


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class OwnServer:
    """Durable, as the bank's own is."""

    def __init__(self, data_dir: Path, settings: dict[str, str] | None = None) -> None:
        self._data_dir = data_dir
        self._port = free_port()
        self._settings = {"shared_buffers": "64MB"} | (settings or {})
        self.dsn = ""

    def start(self) -> str:
        self.dsn = start_postgres(self._data_dir, self._port, settings=self._settings)
        return self.dsn

    def stop(self) -> None:
        """Clients are cut off; nothing committed is lost."""
        stop_postgres(self._data_dir)

    def restart(self) -> None:
        self.stop()
        self.start()

    def crash_a_backend(self) -> None:
        """kill -9 of one backend: the server ends all others and recovers from its log."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            rows = connection.execute(
                "select pid from pg_stat_activity where application_name = 'lana' and pid <> pg_backend_pid()"
                " order by state = 'active' desc, query ~ 'write_batch' desc"
            ).fetchall()
        os.kill(rows[0][0], signal.SIGKILL)

    def crash(self) -> None:
        """kill -9 of the whole server, which is then started again."""
        pid = int((self._data_dir / "postmaster.pid").read_text().split("\n", 1)[0])
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            rows = connection.execute("select pid from pg_stat_activity").fetchall()
        os.kill(pid, signal.SIGKILL)
        # the next server starts when the system has buried this one and all its backends
        deadline = time.monotonic() + 10
        while any(Path(f"/proc/{one}").exists() for one in (pid, *(row[0] for row in rows))):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        self.start()


class Depositors:
    """Callers that record deposits of 1 under keys of their own, and repeat each until it is acknowledged."""

    def __init__(self, app: App, ctx: Ctx, accounts: Sequence[UUID], callers: int) -> None:
        self._app = app
        self._ctx = ctx
        self._accounts = accounts
        self._callers = callers
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.acknowledged: dict[str, UUID] = {}
        self.troubles: Counter[str] = Counter()
        self.faults: list[BaseException] = []

    async def __aenter__(self) -> Depositors:
        self._tasks = [asyncio.create_task(self._caller(n)) for n in range(self._callers)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        async with asyncio.timeout(60):
            await asyncio.gather(*self._tasks)

    async def more(self, count: int, seconds: float = 30) -> None:
        """Until so many more are acknowledged."""
        wanted = len(self.acknowledged) + count
        async with asyncio.timeout(seconds):
            while len(self.acknowledged) < wanted:
                await asyncio.sleep(0.01)

    async def _caller(self, number: int) -> None:
        while not self._stop.is_set():
            key = uuid4().hex
            account = self._accounts[number % len(self._accounts)]
            while key not in self.acknowledged:
                try:
                    deposit = await self.attempt(key, account)
                except Exception as error:
                    self._trouble(error)
                    await asyncio.sleep(random.uniform(0.05, 0.2))
                else:
                    self.acknowledged[key] = deposit.id

    async def attempt(self, key: str, account: UUID) -> Deposit:
        ctx = Ctx(subject=self._ctx.subject, request_id="load", idempotency_key=key)
        return await self._app.commands.run(ctx, self._app.deposits.record_deposit, account, 1)

    def _trouble(self, error: Exception) -> None:
        self.troubles[type(error).__name__] += 1
        if not (isinstance(error, Refusal) and error.kind is Kind.UNAVAILABLE):
            self.faults.append(error)
