"""`lana-cli replay`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lana.cli.application import with_app
from lana.cli.errors import CommandFailed
from lana.cli.invocation import invocation
from lana.cli.output import print_rows

if TYPE_CHECKING:
    from lana.app import App
    from lana.app.replay import Rebuilt


def replay(
    ctx: typer.Context,
    kind: Annotated[str | None, typer.Option(help="Only this kind of entity, e.g. withdrawal.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Build the states of entities anew from their events. The bank may run meanwhile.

    Example:

      lana-cli replay --kind withdrawal
    """

    async def work(bank: App) -> list[Rebuilt]:
        from lana.app.replay import replay as rebuild

        if kind and kind not in bank.db.repos:
            raise CommandFailed(f"no kind is called {kind}; there are {', '.join(sorted(bank.db.repos))}")
        return await rebuild(bank, kind)

    rebuilt = with_app(invocation(ctx), work)
    rows = [(one.kind, one.looked_at, one.changed) for one in rebuilt]
    print_rows(("kind", "looked at", "changed"), rows, as_json=as_json)
