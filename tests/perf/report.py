"""What is printed: one table a part, and the line for programs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from tests.perf.measure import Series, median, table

MICRO, MILLI = 1_000_000, 1_000
Results = Mapping[tuple[str, object], Sequence[Series]]

GOALS = {"group64": (">=", 8.0), "floor": (">=", 5.0), "latency1": ("<=", 1.3), "cpu_ms": ("<=", 4.0)}


def line(name: str, one: Series) -> str:
    """One run, as it ends."""
    failed = f"  failed {dict(one.failures)}" if one.failures else ""
    return f"  {name:<34} {one.rate:8,.0f}/s  p50 {one.p50:8.2f} ms  p99 {one.p99:8.2f} ms{failed}"


def deposits(results: Results, callers: Sequence[int]) -> str:
    head = ("(a) deposits through the service", "ops/s", "p50 ms", "p99 ms", "client µs/op", "server µs/op",
            "ops/batch", "statements/op")  # fmt: skip
    rows = [
        (
            f"{count} callers, {way}",
            median(runs, lambda s: s.rate),
            median(runs, lambda s: s.p50),
            median(runs, lambda s: s.p99),
            median(runs, lambda s: s.per_op(s.client_cpu) * MICRO),
            median(runs, lambda s: s.per_op(s.server_cpu) * MICRO),
            median(runs, lambda s: s.written / s.batches),
            median(runs, lambda s: s.per_op(s.statements)),
        )
        for count in callers
        for way in ("group", "alone")
        if (runs := results.get((way, count)))
    ]
    return table(head, rows)


def floor(results: Results) -> str:
    head = ("(c) the same rows by pgbench", "ops/s", "mean ms", "server µs/op")
    runs = results["floor", 16]
    row = (
        "16 clients, prepared",
        median(runs, lambda s: s.rate),
        median(runs, lambda s: s.p50),
        median(runs, lambda s: s.per_op(s.server_cpu) * MICRO),
    )
    return table(head, [row])


def mutations(results: Results) -> str:
    head = ("(b) mutations, 8 connections", "requests/s", "p50 ms", "p99 ms", "admin-server CPU ms/request",
            "gateway CPU ms/request", "PostgreSQL CPU ms/request")  # fmt: skip
    rows = [
        (
            str(way),
            median(runs, lambda s: s.rate),
            median(runs, lambda s: s.p50),
            median(runs, lambda s: s.p99),
            median(runs, lambda s: s.per_op(s.process_cpu) * MILLI),
            median(runs, lambda s: s.per_op(s.gateway_cpu) * MILLI),
            median(runs, lambda s: s.per_op(s.server_cpu) * MILLI),
        )
        for (part, way), runs in results.items()
        if part == "http"
    ]
    return table(head, rows)


def ratios(results: Results) -> dict[str, float]:
    """What is to be reached; NaN for what was not measured. The slower way to the server counts."""

    def of(part: str, key: object, what: str) -> float:
        runs = results.get((part, key))
        return median(runs, lambda s: getattr(s, what)) if runs else math.nan

    cpu = [
        median(runs, lambda s: s.per_op(s.process_cpu))
        for (part, _), runs in results.items()
        if part == "http"
    ]
    return {
        "group64": of("group", 64, "rate") / of("alone", 64, "rate"),
        "floor": of("group", 64, "rate") / of("floor", 16, "rate"),
        "latency1": of("group", 1, "p50") / of("alone", 1, "p50"),
        "cpu_ms": max(cpu, default=math.nan) * MILLI,
    }


def goals(found: Mapping[str, float]) -> str:
    """Each ratio beside what was to be reached."""
    rows = []
    for name, (sign, goal) in GOALS.items():
        reached = found[name] >= goal if sign == ">=" else found[name] <= goal
        said = "not measured" if math.isnan(found[name]) else "reached" if reached else "MISSED"
        rows.append((name, f"{found[name]:.2f}", f"{sign} {goal:g}", said))
    return table(("ratio", "found", "to reach", ""), rows)


def last_line(found: Mapping[str, float]) -> str:
    return "bank ratios: " + " ".join(f"{name}={found[name]:.2f}" for name in GOALS)
