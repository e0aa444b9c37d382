"""`lana-cli work`"""

from __future__ import annotations

import typer

from lana.cli.invocation import invocation
from lana.cli.process import serve_parts


def work(ctx: typer.Context) -> None:
    """Run a worker: event processors, jobs and the end of the day. Any number may run.

    Example:

      lana-cli -c lana.yml work
    """
    serve_parts(invocation(ctx).application_config(), "work")
