"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

SETTINGS = (
    "server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_level", "shared_buffers",
    "max_wal_size", "checkpoint_timeout", "max_connections", "jit",
)  # fmt: skip
FLUSHES = 200
PAGE = b"\0" * 8192


def described(dsn: str, directory: Path) -> Iterator[str]:
    """Lines about machine, disk, PostgreSQL and what else runs."""
    yield f"machine     {os.cpu_count()} × {cpu_model()}, {memory_gib():.0f} GiB, {platform.system()} {platform.release()}"
    yield f"python      {platform.python_version()}, uvloop"
    p50, p99 = flush_ms(directory)
    yield f"disk        8 kB written and flushed (fdatasync): median {p50:.2f} ms, p99 {p99:.2f} ms"
    with psycopg.connect(dsn) as connection:
        shown = [(name, connection.execute(f"show {name}").fetchone()) for name in SETTINGS]
    yield "postgresql  " + ", ".join(f"{name}={row[0]}" for name, row in shown if row)
    yield load()


def load() -> str:
    one, five, fifteen = os.getloadavg()
    return f"load        {one:.2f} {five:.2f} {fifteen:.2f} (1, 5, 15 minutes)"


def cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def flush_ms(directory: Path) -> tuple[float, float]:
    """What one durable write costs here, which is what bounds an Op that commits alone."""
    file = directory / "flush.probe"
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, PAGE * 64)
        os.fsync(descriptor)
        times: list[float] = []
        for number in range(FLUSHES):
            os.pwrite(descriptor, PAGE, number % 64 * len(PAGE))
            started = time.perf_counter()
            os.fdatasync(descriptor)
            times.append((time.perf_counter() - started) * 1000)
    finally:
        os.close(descriptor)
        file.unlink()
    return statistics.median(times), statistics.quantiles(times, n=100)[98]
