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
    Case("batch1000", "batch", 1, "batch", 3, 4_766),
    Case("read_account", "account", 1, "account", 1),
)
MORE_CLIENTS = 64
"""The crate's best figure at any number of clients is looked for at 1, 16 and here."""

PAIRS: Mapping[str, tuple[str, str, float]] = {
    "read_set": ("set", "account", 1.5),
    "asof": ("as of long ago", "as of today", 3.0),
    "backdate": ("back", "today", 3.0),
}
"""Ratios of one of our figures to another, to stay below: numerator, denominator (medians of p50), most."""

READS = ("set", "as of today", "as of the middle", "as of long ago", "today", "back")
READ_SECONDS = 3.0
FLOOR_CLIENTS = (1, 16)
MOST_SECONDS = 30 * 60
SET_UP_SECONDS = 240.0
"""Accounts and histories of both, and the proof at the end."""
SLOP_SECONDS = 3.0
"""Of each series: a second that is not counted, a process that starts, callers that finish."""

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
    for name, (above, below, _) in PAIRS.items():
        one, other = runs.get(("ours", above, 1)), runs.get(("ours", below, 1))
        known = one and other
        found[name] = median(one, lambda s: s.p50) / median(other, lambda s: s.p50) if known else math.nan
    return found


@dataclass(frozen=True)
class Goal:
    """A figure of the last line, and what it must reach (`>=`) or stay below (`<=`)."""

    name: str
    sign: str
    value: float

    def said(self, found: float) -> str:
        if math.isnan(found):
            return "not measured"
        reached = found >= self.value if self.sign == ">=" else found <= self.value
        return "reached" if reached else "MISSED"


GOALS = (
    *(Goal(case.name, ">=", case.goal) for case in CASES),
    *(Goal(name, "<=", most) for name, (_, _, most) in PAIRS.items()),
)

GROWTH_GOALS = (Goal("rate", ">=", 0.8), Goal("tree_ms", "<=", 200))


def goals(found: Mapping[str, float], wanted: Sequence[Goal] = GOALS) -> str:
    """Each figure beside what was to be reached."""
    rows = [
        (goal.name, f"{found[goal.name]:.2f}", f"{goal.sign} {goal.value:g}", goal.said(found[goal.name]))
        for goal in wanted
    ]
    return table(("ratio", "found", "to reach", ""), rows)


def planned_seconds(seconds: float, runs: int, crate: bool) -> float:
    """How long the whole bench takes at most, beside the crate's first build."""
    each = seconds + SLOP_SECONDS
    round_ = len(CASES) * each * (2 if crate else 1) + len(FLOOR_CLIENTS) * each
    round_ += len(READS) * (min(seconds, READ_SECONDS) + SLOP_SECONDS)
    return SET_UP_SECONDS + runs * round_


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
            median(found, lambda s: s.client_cpu / (s.rate * s.seconds) * MICRO)
            if whose != "pgbench"
            else "",
            median(found, lambda s: s.server_cpu / (s.rate * s.seconds) * MICRO),
            median(found, lambda s: s.rate * s.seconds / s.count),
            median(found, lambda s: s.written / s.batches if s.batches else 1.0),
        )
        for (whose, case, callers), found in runs.items()
    ]
    return table(head, rows)


def last_line(found: Mapping[str, float], of: str = "ledger ratios") -> str:
    return f"{of}: " + " ".join(f"{name}={value:.2f}" for name, value in found.items())
