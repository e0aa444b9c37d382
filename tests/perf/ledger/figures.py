"""The cases, what each must reach, and the table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.perf.measure import Series, median, table

MICRO = 1_000_000


@dataclass(frozen=True)
class Case:
    """A load of ours, the crate's beside it with the same callers, and the ratio to reach."""

    name: str
    ours: str
    callers: int
    theirs: str | None
    goal: float
    published: float | None = None


CASES = (
    Case("one", "pairs", 1, "pairs", 1.5, 431),
    Case("callers16", "pairs", 16, "pairs", 6, 695),
    Case("hot16", "hot", 16, "hot", 10, 433),
    Case("callers256", "pairs", 256, None, 12, 695),
    Case("sets16", "sets", 16, "sets", 10, 381),
    Case("limit16", "limit", 16, "limit", 8, 564),
    Case("batch1000", "batch", 1, "batch", 3),
    Case("read_account", "account", 1, "account", 1),
)
MORE_CLIENTS = 64
"""The crate's best figure at any number of clients is looked for at 1, 16 and here."""

PAIRS = {
    "read_set": ("set", "account", "p50", 1.5),
    "asof": ("as of long ago", "as of today", "p50", 3.0),
    "backdate": ("back", "today", "p50", 3.0),
}
"""Ratios of one of our figures to another, to stay below: numerator, denominator, what, most."""

Runs = Mapping[tuple[str, str, int], Sequence[Series]]


def rate(runs: Runs, whose: str, case: str, callers: int) -> float:
    found = runs.get((whose, case, callers))
    return median(found, lambda s: s.rate) if found else math.nan


def ratios(runs: Runs) -> dict[str, float]:
    """As the last line prints them. Without the crate's own run its published figures stand in."""
    best = max(
        (rate(runs, "crate", "pairs", n) for n in (1, 16, MORE_CLIENTS) if ("crate", "pairs", n) in runs),
        default=math.nan,
    )
    found: dict[str, float] = {}
    for case in CASES:
        theirs = rate(runs, "crate", case.theirs, case.callers) if case.theirs else best
        if math.isnan(theirs):
            theirs = case.published or math.nan
        found[case.name] = rate(runs, "ours", case.ours, case.callers) / theirs
    for name, (above, below, _, _) in PAIRS.items():
        one, other = runs.get(("ours", above, 1)), runs.get(("ours", below, 1))
        known = one and other
        found[name] = median(one, lambda s: s.p50) / median(other, lambda s: s.p50) if known else math.nan
    return found


def goals(found: Mapping[str, float]) -> str:
    """Each ratio beside what was to be reached."""
    rows: list[tuple[str, ...]] = []
    wanted = [(case.name, ">=", case.goal) for case in CASES]
    wanted += [(name, "<=", most) for name, (_, _, _, most) in PAIRS.items()]
    for name, sign, goal in wanted:
        value = found[name]
        reached = value >= goal if sign == ">=" else value <= goal
        said = "not measured" if math.isnan(value) else "reached" if reached else "MISSED"
        rows.append((name, f"{value:.2f}", f"{sign} {goal:g}", said))
    return table(("ratio", "found", "to reach", ""), rows)


def speeds(runs: Runs) -> str:
    """Every series: rate, latency, and where the time goes."""
    head = (
        "case, callers, whose",
        "per second",
        "p50 ms",
        "client µs",
        "server µs",
        "a batch",
        "calls/commit",
    )
    rows = [
        (
            f"{case}, {callers}, {whose}",
            median(found, lambda s: s.rate),
            median(found, lambda s: s.p50),
            median(found, lambda s: s.client_cpu / (s.rate * s.seconds) * MICRO),
            median(found, lambda s: s.server_cpu / (s.rate * s.seconds) * MICRO),
            median(found, lambda s: s.rate * s.seconds / s.count),
            median(found, lambda s: s.written / s.batches if s.batches else 1.0),
        )
        for (whose, case, callers), found in runs.items()
    ]
    return table(head, rows)


def last_line(found: Mapping[str, float]) -> str:
    return "ledger ratios: " + " ".join(f"{name}={value:.2f}" for name, value in found.items())
