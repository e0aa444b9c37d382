"""(a) Deposits through the service: Ops that share a commit beside Ops that each commit alone."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from lana.app import App
from lana.lib.authz import Ctx
from lana.lib.es.commands import Commands
from lana.lib.es.committer import Committer
from tests.perf import cpu
from tests.perf.measure import Series, drive

CALLERS = (1, 16, 64, 256)
ALONE_CONNECTIONS = 16
ALONE_WAIT_SECONDS = 60.0
AMOUNT = 1_00


@dataclass(frozen=True)
class Deposits:
    """One way of committing, with all that is needed to record deposits by it."""

    app: App
    ctx: Ctx
    accounts: list[UUID]
    committer: Committer
    commands: Commands
    postmaster: int

    async def record(self, caller: int) -> None:
        account = random.choice(self.accounts)
        await self.commands.run(self.ctx, self.app.deposits.record_deposit, account, AMOUNT)

    def probe(self) -> dict[str, float]:
        return {
            "client_cpu": time.process_time(),
            "server_cpu": cpu.of_server(self.postmaster),
            "batches": self.committer.batches,
            "written": self.committer.ops,
            "statements": self.committer.statements + self.app.db.statements,
        }

    async def measure(self, callers: int, seconds: float) -> Series:
        return await drive(self.record, callers, seconds, self.probe)


@asynccontextmanager
async def grouped(app: App, ctx: Ctx, accounts: list[UUID], postmaster: int) -> AsyncIterator[Deposits]:
    """As the bank does it."""
    async with Committer(app.config.secrets.pg_con) as committer:
        commands = Commands(app.db, committer, app.bank_time)
        yield Deposits(app, ctx, accounts, committer, commands, postmaster)


@asynccontextmanager
async def alone(app: App, ctx: Ctx, accounts: list[UUID], postmaster: int) -> AsyncIterator[Deposits]:
    """The same statements in one round trip, but a transaction for each Op, on connections of a usual pool.

    Who waits longer than the bank would let him waits on, so that nothing is refused and the pace is the database's.
    """
    async with Committer(
        app.config.secrets.pg_con,
        max_ops=1,
        lanes=ALONE_CONNECTIONS,
        second_at=1,
        max_wait=ALONE_WAIT_SECONDS,
    ) as committer:
        commands = Commands(app.db, committer, app.bank_time)
        yield Deposits(app, ctx, accounts, committer, commands, postmaster)
