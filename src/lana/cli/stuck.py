"""`lana-cli stuck list|replay|retry`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lana.cli.application import with_app
from lana.cli.errors import CommandFailed
from lana.cli.invocation import invocation
from lana.cli.output import print_json, print_rows, say

if TYPE_CHECKING:
    from lana.app import App
    from lana.app.stuck import Stuck

app = typer.Typer(name="stuck", help="Events and jobs that failed for good.", no_args_is_help=True)

COLUMNS = ("what", "name", "number", "about", "error", "since")


@app.command("list")
def show(
    ctx: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
    """Show parked events and failed jobs with their errors. Ends with status 1 when there are any.

    Example:

      lana-cli stuck list
    """

    async def work(bank: App) -> Stuck:
        from lana.app.stuck import stuck

        return await stuck(bank)

    found = with_app(invocation(ctx), work)
    if as_json:
        print_json(found)
    else:
        rows: list[tuple[object, ...]] = [
            ("event", e.processor, e.sequence, e.entity, e.error, e.parked_at.isoformat())
            for e in found.events
        ]
        rows += [("job", j.name, j.job_id, None, j.error, j.failed_at.isoformat()) for j in found.jobs]
        print_rows(COLUMNS, rows, as_json=False)
    if found.events or found.jobs:
        raise typer.Exit(1)


@app.command("replay")
def replay(
    ctx: typer.Context, processor: Annotated[str, typer.Argument(help="Name of the event processor.")]
) -> None:
    """Handle a processor's parked events again, in order, until one fails.

    Example:

      lana-cli stuck replay withdrawal-approval
    """

    async def work(bank: App) -> int:
        from lana.app.stuck import replay_parked

        try:
            return await replay_parked(bank, processor)
        except KeyError as error:
            names = ", ".join(each.name for each in bank.processors)
            raise CommandFailed(f"no processor is called {processor}; there are {names}") from error

    say(f"{with_app(invocation(ctx), work)} events handled")


@app.command("retry")
def retry(ctx: typer.Context, job: Annotated[int, typer.Argument(help="Number of the failed job.")]) -> None:
    """Give a failed job all its tries again; a worker takes it at once.

    Example:

      lana-cli stuck retry 17
    """

    async def work(bank: App) -> None:
        from lana.app.stuck import retry_job
        from lana.lib.jobs import JobNotFailed

        try:
            await retry_job(bank, job)
        except JobNotFailed as error:
            raise CommandFailed(str(error)) from error

    with_app(invocation(ctx), work)
    say(f"job {job} will be tried again")
