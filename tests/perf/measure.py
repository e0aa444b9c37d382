"""One timed series of a load, and the median of several."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

WARM_SECONDS = 1.0
DRAIN_SECONDS = 60.0


@dataclass
class Series:
    """What was done in `seconds`; CPU in seconds, latencies in milliseconds."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    client_cpu: float = 0.0
    server_cpu: float = 0.0
    process_cpu: float = 0.0
    gateway_cpu: float = 0.0
    batches: int = 0
    written: int = 0
    statements: int = 0
    rate_given: float | None = None
    p50_given: float | None = None

    @property
    def count(self) -> int:
        return len(self.latencies) or self.written

    @property
    def rate(self) -> float:
        return self.rate_given if self.rate_given is not None else self.count / self.seconds

    @property
    def p50(self) -> float:
        return self.p50_given if self.p50_given is not None else statistics.median(self.latencies)

    @property
    def p99(self) -> float:
        if len(self.latencies) < 2:
            return self.p50
        return statistics.quantiles(self.latencies, n=100)[98]

    def per_op(self, amount: float) -> float:
        return amount / self.count if self.count else float("nan")


Probe = Callable[[], dict[str, float]]


async def drive(work: Callable[[int], Awaitable[None]], callers: int, seconds: float, probe: Probe) -> Series:
    """`callers` callers, each doing `work` again as soon as it is answered; the first second is not counted.

    `probe` reads counters named like fields of `Series`; what they grew by is kept.
    """
    stop = False
    counted: Series | None = None

    async def caller(number: int) -> None:
        while not stop:
            started = time.perf_counter()
            try:
                await work(number)
            except Exception as error:
                if counted is not None:
                    counted.failures[type(error).__name__] += 1
                continue
            if counted is not None:
                counted.latencies.append((time.perf_counter() - started) * 1000)

    tasks = [asyncio.create_task(caller(number)) for number in range(callers)]
    await asyncio.sleep(min(WARM_SECONDS, seconds / 4))
    before, started = probe(), time.perf_counter()
    series = counted = Series()
    await asyncio.sleep(seconds)
    series.seconds = time.perf_counter() - started
    counted = None
    for name, value in probe().items():
        setattr(series, name, type(getattr(series, name))(value - before[name]))
    stop = True
    async with asyncio.timeout(DRAIN_SECONDS):
        await asyncio.gather(*tasks)
    if not series.latencies:
        raise RuntimeError(f"nothing succeeded in {seconds} s: {dict(series.failures)}")
    return series


def median(series: Sequence[Series], what: Callable[[Series], float]) -> float:
    return statistics.median(what(one) for one in series)


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Columns aligned, the first to the left."""
    texts = [
        list(head),
        *([cell if isinstance(cell, str) else f"{cell:,.2f}" for cell in row] for row in rows),
    ]
    widths = [max(len(row[column]) for row in texts) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) if column == 0 else cell.rjust(width)
                  for column, (cell, width) in enumerate(zip(row, widths, strict=True)))
        for row in texts
    )  # fmt: skip
