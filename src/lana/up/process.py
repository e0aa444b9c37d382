"""Processes by identity: a number alone may by now be somebody else's."""

import asyncio
import math
import os
import signal
import time
from collections.abc import Awaitable, Callable

import msgspec
import psutil

# a process's birth is computed from the boot time, which the clock's corrections move a little
SECONDS_OF_DRIFT = 5.0


class Identity(msgspec.Struct, frozen=True):
    """`born` is seconds since 1970."""

    pid: int
    born: float


def identify(pid: int) -> Identity | None:
    try:
        return Identity(pid, psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None


def lives(process: Identity) -> bool:
    """False for a zombie too: it holds nothing any more."""
    try:
        found = psutil.Process(process.pid)
        same = abs(found.create_time() - process.born) < SECONDS_OF_DRIFT
        return same and found.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def pid_lives(pid: int) -> bool:
    found = identify(pid)
    return found is not None and lives(found)


def send(process: Identity, number: signal.Signals) -> None:
    if lives(process):
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            return


async def end(process: Identity, number: signal.Signals, *, seconds: float) -> bool:
    """Asks it to stop; after `seconds` kills it. Returns whether it stopped by itself."""
    send(process, number)
    if await gone(process, seconds):
        return True
    send(process, signal.SIGKILL)
    _ = await gone(process, 5.0)
    return False


async def gone(process: Identity, seconds: float) -> bool:
    async def is_gone() -> bool:
        return not lives(process)

    return await until(is_gone, seconds=seconds, pause=0.05)


async def until(condition: Callable[[], Awaitable[bool]], *, seconds: float, pause: float = 0.1) -> bool:
    """Asks again and again, at most for `seconds`; whether it came true."""
    deadline = time.monotonic() + seconds
    for _ in range(1 + math.ceil(seconds / pause)):
        if await condition():
            return True
        if time.monotonic() > deadline:
            break
        await asyncio.sleep(pause)
    return False
