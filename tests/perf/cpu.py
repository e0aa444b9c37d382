"""Seconds of CPU, as /proc counts them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")


def of_process(pid: int) -> float:
    """Its own time, user and system."""
    user, system, _, _ = _times(pid)
    return (user + system) * TICK


def of_server(postmaster: int) -> float:
    """A PostgreSQL server's: the postmaster, its backends and helpers, and those that have ended."""
    total = sum(_times(postmaster))
    for child in _children(postmaster):
        try:
            user, system, _, _ = _times(child)
        except (
            FileNotFoundError,
            ProcessLookupError,
        ):  # ended meanwhile, so it is in the postmaster's sum next time
            continue
        total += user + system
    return total * TICK


def _times(pid: int) -> tuple[int, int, int, int]:
    """utime, stime, cutime, cstime: fields 14 to 17; the name in field 2 may hold anything but ends at the last `)`."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system, children_user, children_system = (int(field) for field in fields[11:15])
    return user, system, children_user, children_system


def _children(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        yield from (int(child) for child in (task / "children").read_text().split())
