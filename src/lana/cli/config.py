"""`lana-cli config check`"""

from __future__ import annotations

from typing import Annotated

import typer

from lana.cli.invocation import invocation
from lana.cli.output import print_facts
from lana.lib.config import to_yaml

app = typer.Typer(name="config", help="The configuration file.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """The configuration file."""


@app.command("check")
def check(
    ctx: typer.Context,
    show: Annotated[bool, typer.Option("--show", help="Print the effective configuration.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Read file, flags and environment as a start would, and say what is wrong with them.

    Examples:

      lana-cli -c lana.yml config check

      lana-cli --set admin_server.port=6000 config check --show
    """
    config = invocation(ctx).config()
    if show and not as_json:
        typer.echo(to_yaml(config), nl=False)
        return
    secrets = config.secrets
    print_facts(
        {
            "valid": True,
            "admin_server.port": config.admin_server.port,
            "customer_server.port": config.customer_server.port,
            "time": config.time.mode.value,
            "database named": bool(secrets.pg_con),
            "encryption key given": bool(secrets.encryption_key),
        },
        as_json=as_json,
    )
