"""`lana-cli schema admin|customer`"""

from __future__ import annotations

import sys

import typer

app = typer.Typer(name="schema", help="Print an API's GraphQL schema.", no_args_is_help=True)


@app.command("admin")
def admin() -> None:
    """Print the admin API's schema.

    Example:

      lana-cli schema admin > admin.graphql
    """
    from lana.admin_server.schema import sdl

    sys.stdout.write(sdl())


@app.command("customer")
def customer() -> None:
    """Print the customer API's schema.

    Example:

      lana-cli schema customer > customer.graphql
    """
    from lana.customer_server.schema import sdl

    sys.stdout.write(sdl())
