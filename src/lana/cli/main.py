"""`lana-cli`: the bank's command line. One file per command."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final

import typer

from lana.cli.invocation import Invocation

# command → module; a module holds a function of the command's name, or an `app` with commands below it
COMMANDS: Final[dict[str, str]] = {
    "run": "run",
    "serve": "serve",
    "work": "work",
    "migrate": "migrate",
    "verify": "verify",
    "replay": "replay",
    "user": "user",
    "setting": "setting",
    "keys": "keys",
    "end-of-day": "end_of_day",
    "stress": "stress",
    "stuck": "stuck",
    "token": "token",
    "demo": "demo",
    "config": "config",
    "schema": "schema",
    "build-info": "build_info",
    "genencryptionkey": "genencryptionkey",
    "genxpriv": "genxpriv",
    "dump-default-config": "dump_default_config",
}


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"lana-cli {version('lana-bank')}")
        raise typer.Exit


def root(  # noqa: PLR0913 - one parameter per flag
    ctx: typer.Context,
    *,
    config_path: Annotated[
        Path | None,
        typer.Option("-c", "--config", help="Configuration file [env LANA_CONFIG; default lana.yml]."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Put a value over the file, e.g. db.pool_size=5."),
    ] = None,
    pg_con: Annotated[str | None, typer.Option(help="PostgreSQL [env PG_CON].")] = None,
    encryption_key: Annotated[
        str | None, typer.Option(help="64 hex characters [env ENCRYPTION_KEY].")
    ] = None,
    deprecated_encryption_key: Annotated[
        str | None, typer.Option(help="The key being rotated out [env DEPRECATED_ENCRYPTION_KEY].")
    ] = None,
    smtp_username: Annotated[str | None, typer.Option(help="[env SMTP_USERNAME]")] = None,
    smtp_password: Annotated[str | None, typer.Option(help="[env SMTP_PASSWORD]")] = None,
    keycloak_admin_client_secret: Annotated[
        str | None, typer.Option(help="[env KEYCLOAK_ADMIN_CLIENT_SECRET]")
    ] = None,
    keycloak_customer_client_secret: Annotated[
        str | None, typer.Option(help="[env KEYCLOAK_CUSTOMER_CLIENT_SECRET]")
    ] = None,
    storage_signing_secret: Annotated[str | None, typer.Option(help="[env STORAGE_SIGNING_SECRET]")] = None,
    lana_home: Annotated[str | None, typer.Option(help="[env LANA_HOME; default .lana]")] = None,
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Lana: a core bank for Bitcoin-backed lending.

    Without a command it does `run`. Flags may stand before or after the command; they go before the
    environment, and the environment before defaults.
    """
    ctx.obj = Invocation(
        config_path,
        settings or [],
        {
            "pg_con": pg_con,
            "encryption_key": encryption_key,
            "deprecated_encryption_key": deprecated_encryption_key,
            "smtp_username": smtp_username,
            "smtp_password": smtp_password,
            "keycloak_admin_client_secret": keycloak_admin_client_secret,
            "keycloak_customer_client_secret": keycloak_customer_client_secret,
            "storage_signing_secret": storage_signing_secret,
            "lana_home": lana_home,
        },
    )
    if ctx.invoked_subcommand is None:
        from lana.cli.run import run

        run(ctx)


def register(names: Sequence[str]) -> typer.Typer:
    """The application with these commands; a module is imported only when its command is wanted."""
    app = typer.Typer(
        name="lana-cli",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(root)
    for name in names:
        module = import_module(f"lana.cli.{COMMANDS[name]}")
        if hasattr(module, "app"):
            app.add_typer(module.app)
        else:
            app.command(name)(getattr(module, COMMANDS[name]))
    return app


TAKES_VALUE = frozenset(
    {
        "-c",
        "--config",
        "--set",
        "--pg-con",
        "--encryption-key",
        "--deprecated-encryption-key",
        "--smtp-username",
        "--smtp-password",
        "--keycloak-admin-client-secret",
        "--keycloak-customer-client-secret",
        "--storage-signing-secret",
        "--lana-home",
    }
)


def split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """(common flags, the rest), so that `lana-cli run -c x.yml` means what it says."""
    common: list[str] = []
    rest: list[str] = []
    position = 0
    while position < len(arguments):
        argument = arguments[position]
        if argument == "--":
            rest += arguments[position:]
            break
        if argument in TAKES_VALUE:
            common += arguments[position : position + 2]
            position += 2
            continue
        belongs = argument.split("=", 1)[0] in TAKES_VALUE or argument == "--version"
        (common if belongs else rest).append(argument)
        position += 1
    return common, rest


def main() -> None:
    """The entry point of `lana-cli`."""
    from lana.cli.errors import guarded

    common, rest = split(sys.argv[1:])
    wanted = rest[:1] if rest and rest[0] in COMMANDS else list(COMMANDS)
    guarded(lambda: register(wanted)(args=[*common, *rest], prog_name="lana-cli"))
