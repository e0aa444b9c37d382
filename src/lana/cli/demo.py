"""`lana-cli demo`: a bank's day through the gateway."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated, NoReturn

import httpx
import typer
from rich.console import Console

from lana.cli.demo_day.client import SECONDS, DemoFailed, Refused
from lana.cli.demo_day.day import Day
from lana.cli.demo_day.people import People, Place
from lana.up.config import read_config
from lana.up.errors import UpError
from lana.up.home import Home


def demo(
    home: Annotated[
        Path | None, typer.Option(help="Home of the running bank (default: as `make up`).")
    ] = None,
    gateway: Annotated[
        str | None, typer.Option(help="Where the gateway is, e.g. http://localhost:4455.")
    ] = None,
) -> None:
    """Play a bank's day through the gateway of the running bank, with real tokens, and print what happened.

    Each run takes on a new customer, so it may be played again.

    Examples:

      make up            (in another terminal)

      lana-cli demo

      lana-cli demo --home /tmp/other-bank --gateway http://localhost:14455
    """
    console = Console()
    try:
        place = _place(home, gateway)
        began = time.monotonic()
        asyncio.run(_play(place, console))
        console.print(f"\n[green]The day is over[/green] ({time.monotonic() - began:.1f} s).")
    except Refused as refusal:
        _stopped(
            console, f"{refusal.code}: {refusal}", "The servers' logs say more: `make status` tells where."
        )
    except (DemoFailed, UpError, httpx.TransportError) as error:
        _stopped(console, str(error) or type(error).__name__, "Is the bank running? `make up` starts it.")


def _stopped(console: Console, why: str, remedy: str) -> NoReturn:
    console.print(f"\n[red]The demo stopped:[/red] {why}\n{remedy}")
    raise typer.Exit(1) from None


async def _play(place: Place, console: Console) -> None:
    async with httpx.AsyncClient(timeout=SECONDS, trust_env=False) as http:
        await Day(People(http, place), console).play()


def _place(home: Path | None, gateway: str | None) -> Place:
    config = read_config()
    at = home or config.home
    if not (at / "secrets.json").exists():
        raise DemoFailed(f"there is no bank in {at}")
    secrets = Home(at).secrets()
    base = (gateway or f"http://localhost:{config.ports.gateway}").rstrip("/")
    return Place(
        staff_api=f"{base}/admin/graphql",
        customer_api=f"{base}/customer/graphql",
        keycloak=config.issuer_base,
        superuser=config.superuser_email,
        password=config.password,
        staff_service_secret=secrets.keycloak_admin_client_secret,
        customer_service_secret=secrets.keycloak_customer_client_secret,
        portal_secret=secrets.customer_portal_client_secret,
    )
