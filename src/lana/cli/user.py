"""`lana-cli user create|password`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from lana.cli.application import operator, with_app
from lana.cli.errors import CommandFailed
from lana.cli.invocation import invocation
from lana.cli.output import complain, print_facts, say

if TYPE_CHECKING:
    from lana.app import App

app = typer.Typer(name="user", help="Staff of the bank.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="Their e-mail address, which is their login.")]


@app.command("create")
def create(
    ctx: typer.Context,
    email: Email,
    role: Annotated[str, typer.Option(help="The role's name, e.g. bank-manager.")],
    service: Annotated[bool, typer.Option("--service", help="A machine, not a person: no login.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Take on a member of staff and make their login.

    Without SMTP a one-time password is shown once, on this terminal; its first use ends in choosing another.

    Example:

      lana-cli user create ana@bank.example --role bank-manager
    """

    async def work(bank: App) -> UUID:
        from lana.core.access import StaffKind

        found = await bank.access.roles.maybe_by("name", role)
        if found is None:
            raise CommandFailed(f"there is no role {role}")
        kind = StaffKind.SERVICE if service else StaffKind.PERSON
        user = await bank.commands.run(operator(), bank.access.create_user, email, found.id, kind)
        if not service:
            await _first_login(bank, user.id)
        return user.id

    user_id = with_app(invocation(ctx), work)
    print_facts({"userId": str(user_id), "email": email, "role": role}, as_json=as_json)


@app.command("password")
def password(ctx: typer.Context, email: Email) -> None:
    """Show a fresh one-time password of somebody who has not chosen a password yet (with SMTP: mail a link).

    Example:

      lana-cli user password ana@bank.example
    """

    async def work(bank: App) -> bool:
        user_id = await bank.personal_data.id_by_email("user", email)
        if user_id is None:
            raise CommandFailed(f"nobody of the staff has the address {email}")
        return await _first_login(bank, user_id)

    if with_app(invocation(ctx), work):
        say("the one-time password is on the terminal")
    else:
        say("no one-time password was made: they chose one already, or Keycloak mails a link")


async def _first_login(bank: App, user_id: UUID) -> bool:
    from lana.adapters.keycloak.errors import KeycloakError
    from lana.app.announce import announce
    from lana.core.access import first_login

    try:
        made = await first_login(bank.access, bank.staff_logins, user_id)
    except KeycloakError as error:
        complain(
            f"there is no login yet ({error}). A worker makes it as soon as Keycloak answers;"
            " `lana-cli user password` then shows a one-time password"
        )
        return False
    if made:
        announce(made)
    return made is not None
