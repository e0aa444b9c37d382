"""`lana-cli keys rotate`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lana.cli.application import with_app
from lana.cli.invocation import invocation
from lana.cli.output import print_facts

if TYPE_CHECKING:
    from lana.app import App

app = typer.Typer(name="keys", help="The encryption key of stored secrets.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """The encryption key of stored secrets."""


@app.command("rotate")
def rotate(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Encrypt every stored secret under the current key. What is under it already is left alone.

    A start does the same. Afterwards the old key is needed no more.

    Example:

      lana-cli --encryption-key "$NEW" --deprecated-encryption-key "$OLD" keys rotate
    """

    async def work(bank: App) -> int:
        from lana.core.domain_config import rotate_keys

        return await rotate_keys(bank.commands, bank.domain_configs)

    print_facts({"rotated": with_app(invocation(ctx), work)}, as_json=as_json)
