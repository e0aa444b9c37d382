"""`lana-cli token`"""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated

import httpx
import msgspec
import typer

from lana.cli.errors import CommandFailed
from lana.cli.invocation import invocation
from lana.cli.output import print_json, say
from lana.lib.config import Config

SECONDS = 10.0


class Who(StrEnum):
    STAFF = "staff"
    CUSTOMER = "customer"


class _Answer(msgspec.Struct):
    access_token: str = ""
    expires_in: int = 0
    error_description: str = ""


def token(
    ctx: typer.Context,
    email: Annotated[str | None, typer.Argument(help="Whose token.")] = None,
    realm: Annotated[Who, typer.Option(help="Of which realm.")] = Who.STAFF,
    client_id: Annotated[
        str | None, typer.Option(help="A service client; its token then, without an e-mail.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Token and seconds to live, as JSON.")] = False,
) -> None:
    """Print an access token, for scripts.

    The password comes from LANA_PASSWORD, or is asked for; a client's secret from LANA_CLIENT_SECRET, that of
    the customers' portal also from CUSTOMER_PORTAL_CLIENT_SECRET. A person's token needs a client that allows
    direct grants, as the development realms have.

    Examples:

      curl -H "Authorization: Bearer $(lana-cli token admin@example.com)" …

      lana-cli token --realm customer ann@example.com

      LANA_CLIENT_SECRET=… lana-cli token --client-id reporting
    """
    config = invocation(ctx).config()
    if client_id:
        secret = os.environ.get("LANA_CLIENT_SECRET") or typer.prompt("Secret", hide_input=True, err=True)
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    elif email:
        password = os.environ.get("LANA_PASSWORD") or typer.prompt("Password", hide_input=True, err=True)
        form = {"grant_type": "password", "username": email, "password": password} | _client(realm)
    else:
        raise CommandFailed("whose token? Give an e-mail address or --client-id")
    answer = _ask(_address(config, realm), form)
    if as_json:
        print_json({"access_token": answer.access_token, "expires_in": answer.expires_in})
    else:
        say(answer.access_token)


def _client(realm: Who) -> dict[str, str]:
    if realm is Who.STAFF:
        return {"client_id": "admin-panel", "scope": "openid"}
    secret = os.environ.get("LANA_CLIENT_SECRET") or os.environ.get("CUSTOMER_PORTAL_CLIENT_SECRET", "")
    return {"client_id": "customer-portal", "scope": "openid"} | ({"client_secret": secret} if secret else {})


def _address(config: Config, realm: Who) -> str:
    onboarding, sync = config.app.user_onboarding.keycloak, config.app.customer_sync.keycloak
    url, name = (onboarding.url, onboarding.realm) if realm is Who.STAFF else (sync.url, sync.realm)
    return f"{url.rstrip('/')}/realms/{name}/protocol/openid-connect/token"


def _ask(address: str, form: dict[str, str]) -> _Answer:
    response = httpx.post(address, data=form, timeout=SECONDS)
    try:
        answer = msgspec.json.decode(response.content, type=_Answer)
    except msgspec.DecodeError as error:
        raise CommandFailed(f"{address} answered {response.status_code} and no token") from error
    if not answer.access_token:
        raise CommandFailed(f"no token: {answer.error_description or response.status_code}")
    return answer
