"""What the person at the terminal sees."""

import sys
import time

from lana.up.config import BANK_PARTS, UpConfig
from lana.up.gateway.table import Table


class Progress:
    """One line per step, with the seconds since the start."""

    def __init__(self) -> None:
        self._began: float = time.monotonic()

    def __call__(self, sentence: str) -> None:
        print(f"  {time.monotonic() - self._began:6.1f} s  {sentence}", flush=True)


def complain(problem: str, remedy: str) -> None:
    print(f"\nlana: {problem}\n      {remedy}", file=sys.stderr, flush=True)


def screen(config: UpConfig, table: Table, *, login: bool) -> str:
    staff, customers = table.api
    gateway = f"localhost:{config.ports.gateway}"
    bank = any(config.wants(part) for part in BANK_PARTS)
    lines = ["", "The bank runs." if bank else f"These parts run: {', '.join(config.parts)}.", ""]
    if config.wants("gateway"):
        lines += [
            f"  staff API       http://{gateway}{staff.path}/graphql",
            f"                  http://{staff.host}:{config.ports.gateway}/graphql",
            f"  customer API    http://{gateway}{customers.path}/graphql",
            f"                  http://{customers.host}:{config.ports.gateway}/graphql",
        ]
    if config.wants("keycloak"):
        lines.append(f"  Keycloak        {config.issuer_base}  (realms {staff.realm}, {customers.realm})")
    if config.wants("postgres") and config.pg_con is None:
        lines.append(f"  PostgreSQL      127.0.0.1:{config.ports.postgres}, database lana")
    if login:
        lines += ["", f"  staff login     {config.superuser_email}   password {config.password}"]
        lines += ["  customers       `make demo` makes some, with the same password"]
    lines += ["", f"  logs            {config.logs}", "  stop            Ctrl-C here, or `make down`", ""]
    return "\n".join(lines)
