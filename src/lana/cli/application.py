"""Commands that open the application: one coroutine, its logs on standard error, no start-up side effects
asked for.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeVar

from lana.cli.invocation import Invocation
from lana.lib.authz import Ctx

if TYPE_CHECKING:
    from lana.app import App

T = TypeVar("T")

# who the audit says it was: somebody with the database's and the key's secrets
OPERATOR: Final = "operator"


def with_app(invocation: Invocation, work: Callable[[App], Awaitable[T]], *, start: bool = False) -> T:
    """Open the bank, do the work, close it. With `start` as a server's start does: migrations, settings,
    bootstrap.
    """
    from lana.lib.telemetry import configure_logs

    config = invocation.application_config()
    configure_logs(json=False, levels="warning", stream=sys.stderr)

    async def run() -> T:
        from lana.app import open_app

        async with open_app(config, start=start) as app:
            return await work(app)

    return asyncio.run(run())


def operator() -> Ctx:
    return Ctx.system(OPERATOR)
