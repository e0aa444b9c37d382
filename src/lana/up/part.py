"""One part of the bank: a process, how to see that it is ready, how to stop it."""

import pwd
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

Ready = Callable[[], Awaitable[bool]]


@dataclass(frozen=True)
class Part:
    """`owner` is whom it runs as where that is not us; `restart_hint` names what often goes wrong."""

    name: str
    title: str
    command: list[str]
    ready: Ready
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    owner: pwd.struct_passwd | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    start_seconds: float = 60.0
    stop_seconds: float = 30.0


def answers(url: str) -> Ready:
    async def ready() -> bool:
        async with httpx.AsyncClient(timeout=2.0, trust_env=False) as http:
            try:
                return (await http.get(url)).is_success
            except httpx.HTTPError:
                return False

    return ready
