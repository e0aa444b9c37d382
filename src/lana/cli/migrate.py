"""`lana-cli migrate`"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from lana.cli.invocation import invocation
from lana.cli.output import print_json, say


def migrate(
    ctx: typer.Context,
    status: Annotated[bool, typer.Option("--status", help="Only say what is pending.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print the SQL that would run.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Bring the database to this release. Run twice it changes nothing.

    Examples:

      lana-cli migrate --status

      lana-cli migrate --dry-run > pending.sql

      lana-cli --pg-con postgresql://lana@db/lana migrate
    """
    from lana.lib.pg import migrate as migrations

    dsn = invocation(ctx).dsn()
    if dry_run:
        sys.stdout.write(migrations.pending_sql(dsn))
        return
    names = migrations.pending(dsn) if status else migrations.migrate(dsn)
    if as_json:
        print_json({"pending" if status else "applied": names})
        return
    word = "pending" if status else "applied"
    for name in names:
        say(f"{word}: {name}")
    if not names:
        say("the database is up to date")
