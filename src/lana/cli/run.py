"""`lana-cli run`"""

from __future__ import annotations

import typer

from lana.cli.invocation import invocation
from lana.cli.process import serve_parts


def run(ctx: typer.Context) -> None:
    """Run the whole bank in one process: both servers, event processors, jobs, the end of the day.

    Example:

      lana-cli --pg-con postgresql://lana@localhost/lana --encryption-key "$KEY" run
    """
    serve_parts(invocation(ctx).application_config(), "admin", "customer", "work")
