"""`lana-cli end-of-day status|run`"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from lana.cli.application import with_app
from lana.cli.errors import CommandFailed
from lana.cli.invocation import invocation
from lana.cli.output import print_json, print_rows, say

if TYPE_CHECKING:
    from lana.app import App
    from lana.processes.end_of_day import Run

app = typer.Typer(name="end-of-day", help="The runs that end the bank's days.", no_args_is_help=True)

COLUMNS = ("day", "closing", "state", "attempts", "step", "step state", "done", "failed", "error")


@app.command("status")
def status(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many runs.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show the latest runs with their steps. Ends with status 1 when one has failed.

    Example:

      lana-cli end-of-day status --limit 30
    """

    async def work(bank: App) -> list[Run]:
        return await bank.end_of_day.runs.latest(limit)

    runs = with_app(invocation(ctx), work)
    if as_json:
        print_json(runs)
    else:
        print_rows(COLUMNS, [row for run in runs for row in _rows(run)], as_json=False)
        failures = [
            (run.closing.day, each.step, each.item, each.error) for run in runs for each in run.failures
        ]
        if failures:
            print_rows(("day", "step", "left to be tried again", "because"), failures, as_json=False)
    if any(run.state == "failed" for run in runs):
        raise typer.Exit(1)


def _rows(run: Run) -> Sequence[tuple[object, ...]]:
    head = (run.closing.day, run.closing.instant.isoformat(), run.state, run.attempts)
    if not run.steps:
        return [(*head, None, None, None, None, run.error)]
    return [(*head, step.step, step.state, step.done, step.failed, run.error) for step in run.steps]


@app.command("run")
def run_now(ctx: typer.Context) -> None:
    """Publish closings that are due and run what is open now, a failed run too, and try again what the newest
    run went past, without waiting for its next try.

    Where a worker leads, it is told to try again at once.

    Example:

      lana-cli end-of-day run
    """

    async def work(bank: App) -> int | None:
        await bank.end_of_day.runs.nudge()
        async with bank.end_of_day.leading() as leader:
            return await bank.end_of_day.tick() if leader else None

    async def both(bank: App) -> tuple[int | None, list[Run]]:
        return await work(bank), await bank.end_of_day.runs.latest(31)

    completed, latest = with_app(invocation(ctx), both)
    if completed is None:
        say("a worker leads the end of day; it was told to try again at once")
        return
    say(f"{completed} runs completed")
    if latest and latest[0].failures:
        say(f"{len(latest[0].failures)} things are left, shown by: lana-cli end-of-day status")
    broken = [run for run in latest if run.state == "failed"]
    if broken:
        raise CommandFailed(f"the run of {broken[-1].closing.day} failed: {broken[-1].error}")
