"""`lana-cli setting list|set`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from lana.cli.application import operator, with_app
from lana.cli.invocation import invocation
from lana.cli.output import print_rows, say

if TYPE_CHECKING:
    from lana.app import App

app = typer.Typer(name="setting", help="Run-time settings of the bank.", no_args_is_help=True)

COLUMNS = ("key", "type", "visibility", "set", "value")


@app.command("list")
def list_settings(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """List every setting, internal ones too; secrets are not shown.

    Example:

      lana-cli setting list --json
    """

    async def work(bank: App) -> list[tuple[object, ...]]:
        return [
            (config.key, config.config_type.value, config.visibility.value, config.is_set, config.shown)
            for config in await bank.domain_configs.repo.all()
        ]

    rows = with_app(invocation(ctx), work)
    print_rows(COLUMNS, rows, as_json=as_json)


@app.command("set")
def set_setting(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(help="Which setting, e.g. timezone.")],
    value: Annotated[str, typer.Argument(help="JSON; what is no JSON is a text.")],
) -> None:
    """Set a setting; every process follows within a second.

    Examples:

      lana-cli setting set timezone America/El_Salvador

      lana-cli setting set allow-manual-conversion true
    """
    try:
        given: object = msgspec.json.decode(value)
    except msgspec.DecodeError:
        given = value

    async def work(bank: App) -> bool:
        before = await bank.domain_configs.repo.maybe_by("key", key)
        after = await bank.commands.run(operator(), bank.domain_configs.set_by_key, key, given)
        return before is None or before.version != after.version

    changed = with_app(invocation(ctx), work)
    say(f"{key} is set" if changed else f"{key} has this value already")
