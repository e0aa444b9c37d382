"""(b) Mutations as staff send them: deposits and withdrawals, half and half, to admin-server and through the gateway."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from uuid import UUID

from tests.perf import cpu
from tests.perf.measure import Series, drive
from tests.perf.running import Running
from tests.perf.wire import Connection

CONNECTIONS = 8
ACCOUNTS = 100
FUNDS = 1_000_000_00
DEPOSITED, WITHDRAWN = 2_00, 1_00

DOCUMENTS = tuple(
    f"""
mutation Bench($input: {mutation[0].upper()}{mutation[1:]}Input!) {{
  {mutation}(input: $input) {{
    {entity} {{ {entity}Id status account {{ balance {{ settled pending }} }} }}
  }}
}}
"""
    for mutation, entity in (("depositRecord", "deposit"), ("withdrawalInitiate", "withdrawal"))
)


@dataclass
class Requests:
    """One way to the server."""

    running: Running
    accounts: list[UUID]
    port: int
    name: str
    _connections: list[Connection] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._connections = [Connection("127.0.0.1", self.port, self.name) for _ in range(CONNECTIONS)]
        self._sent = [number % 2 for number in range(CONNECTIONS)]

    async def ask(self, caller: int) -> None:
        kind = self._sent[caller] = 1 - self._sent[caller]
        amount = WITHDRAWN if kind else DEPOSITED
        variables = {"input": {"depositAccountId": str(random.choice(self.accounts)), "amount": amount}}
        body = json.dumps({"query": DOCUMENTS[kind], "variables": variables}).encode()
        answer = await self._connections[caller].post(b"/graphql", self.running.token(), body)
        if b'"errors"' in answer or b'"settled"' not in answer:
            raise RuntimeError(answer[:500].decode())

    def probe(self) -> dict[str, float]:
        running = self.running
        return {
            "process_cpu": cpu.of_process(running.pid("admin-server")),
            "gateway_cpu": cpu.of_process(running.pid("gateway")),
            "server_cpu": cpu.of_server(running.pid("postgres")),
        }

    async def measure(self, seconds: float) -> Series:
        try:
            return await drive(self.ask, CONNECTIONS, seconds, self.probe)
        finally:
            for connection in self._connections:
                connection.close()
            self.__post_init__()


def ways(running: Running, accounts: list[UUID]) -> dict[str, Requests]:
    ports = running.bank.ports
    return {
        "admin-server": Requests(running, accounts, ports["admin_server"], "127.0.0.1"),
        "through the gateway": Requests(running, accounts, ports["gateway"], "admin.localhost"),
    }
