"""What `make bench-ledger` makes of its series: ratios, goals, the last line, and how long it may take."""

from __future__ import annotations

import math

import pytest

from tests.perf.ledger import __main__ as bench
from tests.perf.ledger import figures, growth, theirs
from tests.perf.ledger.figures import CASES, GOALS, Goal
from tests.perf.measure import Series

Runs = dict[tuple[str, str, int], list[Series]]
LAST_LINE = (
    "ledger ratios: one={} callers16={} hot16={} callers256={} sets16={} limit16={} batch1000={} read_account={}"
    " read_set={} asof={} backdate={}"
)


def series(rate: float, p50: float = 1.0) -> Series:
    return Series(seconds=10, written=100, rate_given=rate, p50_given=p50, client_cpu=1, server_cpu=2)


def all_runs() -> Runs:
    """Ours 600/s in each case and the crate 200/s, but 300/s at its best number of clients."""
    runs: Runs = {("ours", case.ours, case.callers): [series(600)] for case in CASES}
    runs |= {("crate", case.theirs, case.callers): [series(200)] for case in CASES if case.theirs}
    runs["crate", "pairs", figures.MORE_CLIENTS] = [series(300)]
    for name, p50 in (
        ("set", 1.2),
        ("as of today", 0.5),
        ("as of long ago", 1.0),
        ("today", 2.0),
        ("back", 3.0),
    ):
        runs["ours", name, 1] = [series(10, p50)]
    return runs


def test_each_ratio_compares_the_same_callers_and_callers256_the_crates_best() -> None:
    found = figures.ratios(all_runs())
    assert found == {
        "one": 3, "callers16": 3, "hot16": 3, "callers256": 2, "sets16": 3, "limit16": 3, "batch1000": 3,
        "read_account": 3, "read_set": pytest.approx(1.2), "asof": 2, "backdate": 1.5,
    }  # fmt: skip


def test_of_several_rounds_the_median_counts() -> None:
    runs = all_runs()
    runs["ours", "pairs", 1] = [series(rate) for rate in (100, 800, 5_000)]
    runs["crate", "pairs", 1] = [series(rate) for rate in (400, 100, 900)]
    assert figures.ratios(runs)["one"] == 2


def test_without_the_crate_its_published_figures_stand_in() -> None:
    ours = {key: runs for key, runs in all_runs().items() if key[0] == "ours"}
    found = figures.ratios(ours)
    for case in CASES:
        if case.published:
            assert found[case.name] == pytest.approx(600 / case.published)
        else:
            assert math.isnan(found[case.name])
    assert [case.name for case in CASES if not case.published] == ["read_account"]
    assert found["read_set"] == pytest.approx(1.2)
    assert "not measured" in next(
        line for line in figures.goals(found).splitlines() if "read_account" in line
    )


def test_what_was_not_measured_is_no_number_and_no_failure() -> None:
    found = figures.ratios({})
    assert set(found) == {goal.name for goal in GOALS}
    assert all(math.isnan(value) for value in found.values())
    assert figures.goals(found).count("not measured") == len(GOALS)


@pytest.mark.parametrize(
    ("goal", "value", "said"),
    [
        (Goal("a", ">=", 6), 6.0, "reached"),
        (Goal("a", ">=", 6), 5.99, "MISSED"),
        (Goal("a", "<=", 3), 3.0, "reached"),
        (Goal("a", "<=", 3), 3.01, "MISSED"),
        (Goal("a", "<=", 3), math.nan, "not measured"),
    ],
)
def test_a_goal_is_reached_at_its_very_value(goal: Goal, value: float, said: str) -> None:
    assert goal.said(value) == said
    assert said in figures.goals({"a": value}, [goal])


def test_the_goals_are_those_to_reach() -> None:
    assert {goal.name: (goal.sign, goal.value) for goal in GOALS} == {
        "one": (">=", 1.5), "callers16": (">=", 6), "hot16": (">=", 10), "callers256": (">=", 12),
        "sets16": (">=", 10), "limit16": (">=", 8), "batch1000": (">=", 3), "read_account": (">=", 1),
        "read_set": ("<=", 1.5), "asof": ("<=", 3), "backdate": ("<=", 3),
    }  # fmt: skip
    assert {goal.name: (goal.sign, goal.value) for goal in figures.GROWTH_GOALS} == {
        "rate": (">=", 0.8),
        "tree_ms": ("<=", 200),
    }


def test_the_last_line_is_for_programs() -> None:
    assert figures.last_line(figures.ratios(all_runs())) == LAST_LINE.format(
        "3.00", "3.00", "3.00", "2.00", "3.00", "3.00", "3.00", "3.00", "1.20", "2.00", "1.50"
    )
    assert figures.last_line(figures.ratios({})) == LAST_LINE.format(*["nan"] * 11)
    assert figures.last_line({"rate": 0.9, "tree_ms": 12.345}, "ledger growth") == (
        "ledger growth: rate=0.90 tree_ms=12.35"
    )


def test_the_table_shows_where_time_goes_and_the_floor_beside_it() -> None:
    runs = all_runs() | {("pgbench", "the same rows", 16): [series(1_700)]}
    lines = figures.speeds(runs).splitlines()
    assert len(lines) == 1 + len(runs)
    head, floor = lines[0].split(), lines[-1].split()
    assert {"client", "server", "calls/commit"} <= set(head)
    # 2 s of the server's CPU over 17 000 transactions; whose client is not ours has none to show
    assert floor == ["the", "same", "rows,", "16,", "pgbench", "1,700.00", "1.00", "117.65", "170.00", "1.00"]


def test_the_whole_bench_ends_within_half_an_hour() -> None:
    given = bench.arguments([])
    planned = figures.planned_seconds(given.seconds, given.runs, crate=True)
    assert planned + theirs.BUILD_SECONDS <= figures.MOST_SECONDS
    assert figures.planned_seconds(given.seconds, given.runs, crate=False) < planned
    assert figures.planned_seconds(2 * given.seconds, 3 * given.runs, crate=True) > figures.MOST_SECONDS


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (bench, ["--seconds", "0"]),
        (bench, ["--runs", "0"]),
        (growth, ["--entries", "99999"]),
        (growth, ["--accounts", "9"]),
        (growth, ["--sets", "0"]),
        (growth, ["--seconds", "-1"]),
    ],
)
def test_senseless_arguments_are_refused(
    program: object, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        program.arguments(words)  # pyright: ignore[reportAttributeAccessIssue]
    assert "usage: make bench-ledger" in capsys.readouterr().err


def test_the_growth_bench_is_that_of_the_goal_unless_told_otherwise() -> None:
    given = growth.arguments([])
    assert (given.entries, growth.SMALL, given.accounts, given.sets) == (
        10_000_000,
        100_000,
        1_000_000,
        1_000,
    )
