"""`lana-cli serve admin|customer`"""

from __future__ import annotations

import typer

from lana.cli.invocation import invocation
from lana.cli.process import serve_parts

app = typer.Typer(name="serve", help="Run one of the two servers alone.", no_args_is_help=True)


@app.command("admin")
def admin(ctx: typer.Context) -> None:
    """Run admin-server: the API of staff.

    Example:

      lana-cli -c lana.yml serve admin
    """
    serve_parts(invocation(ctx).application_config(), "admin")


@app.command("customer")
def customer(ctx: typer.Context) -> None:
    """Run customer-server: the API of customers.

    Example:

      lana-cli -c lana.yml serve customer
    """
    serve_parts(invocation(ctx).application_config(), "customer")
