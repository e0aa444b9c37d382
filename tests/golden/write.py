"""What is generated and checked in: `python -m tests.golden.write` writes it, a test compares it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from tests.golden.licences import licences
from tests.golden.samples import every_event

ROOT = Path(__file__).parents[2]


def admin_sdl() -> str:
    from lana.admin_server.schema import sdl

    return sdl()


def customer_sdl() -> str:
    from lana.customer_server.schema import sdl

    return sdl()


def events() -> str:
    return msgspec.json.format(msgspec.json.encode(every_event()), indent=2).decode() + "\n"


def permissions() -> str:
    from lana.core.access.reference import permissions_page

    return permissions_page()


def settings() -> str:
    from lana.app.declared import SETTINGS
    from lana.core.domain_config.reference import settings_page

    return settings_page(SETTINGS)


def metrics() -> str:
    # in a process of its own: what tests declare is not the bank's, and what a process runs must be imported
    page = "import lana.app.serving; from lana.lib.telemetry.reference import metrics_page; print(metrics_page(), end='')"
    return subprocess.run([sys.executable, "-c", page], capture_output=True, text=True, check=True).stdout


def configuration() -> str:
    from lana.lib.config.reference import configuration_page

    return configuration_page()


def cli() -> str:
    from lana.cli.reference import cli_page

    return cli_page()


GENERATED: dict[str, Callable[[], str]] = {
    "docs/reference/admin.graphql": admin_sdl,
    "docs/reference/customer.graphql": customer_sdl,
    "docs/reference/cli.md": cli,
    "docs/reference/configuration.md": configuration,
    "docs/reference/licences.md": licences,
    "docs/reference/metrics.md": metrics,
    "docs/reference/permissions.md": permissions,
    "docs/reference/settings.md": settings,
    "tests/golden/events.json": events,
}


def main() -> None:
    for name, content in GENERATED.items():
        path = ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content())
        print(f"wrote {name}")


if __name__ == "__main__":
    main()
