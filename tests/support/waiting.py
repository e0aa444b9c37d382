"""Waiting for what must happen soon, with a bound."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable


async def eventually(
    condition: Callable[[], bool | Awaitable[bool]], seconds: float = 5.0, *, every: float = 0.02
) -> float:
    """Poll until the condition holds; answers how long it took. AssertionError when it never does."""
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        held = condition()
        if held if isinstance(held, bool) else await held:
            return time.monotonic() - started
        await asyncio.sleep(every)
    raise AssertionError(f"did not happen within {seconds} s")
