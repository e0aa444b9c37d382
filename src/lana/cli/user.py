"""`lana-cli user create`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from lana.cli.application import operator, with_app
from lana.cli.errors import CommandFailed
from lana.cli.invocation import invocation
from lana.cli.output import print_facts

if TYPE_CHECKING:
    from lana.app import App

app = typer.Typer(name="user", help="Staff of the bank.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Staff of the bank."""


@app.command("create")
def create(
    ctx: typer.Context,
    email: Annotated[str, typer.Argument(help="Their e-mail address, which is their login.")],
    role: Annotated[str, typer.Option(help="The role's name, e.g. bank-manager.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Take on a member of staff and make their login.

    Without SMTP a one-time password is shown once, on this terminal; its first use ends in choosing another.

    Example:

      lana-cli user create ana@bank.example --role bank-manager
    """

    async def work(bank: App) -> UUID:
        from lana.app.announce import announce
        from lana.core.access import first_login

        found = await bank.access.roles.maybe_by("name", role)
        if found is None:
            raise CommandFailed(f"there is no role {role}")
        user = await bank.commands.run(operator(), bank.access.create_user, email, found.id)
        password = await first_login(bank.access, bank.staff_logins, user.id)
        if password:
            announce(password)
        return user.id

    user_id = with_app(invocation(ctx), work)
    print_facts({"userId": str(user_id), "email": email, "role": role}, as_json=as_json)
