"""What is generated and checked in: `python -m tests.golden.write` writes it, a test compares it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

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


GENERATED: dict[str, Callable[[], str]] = {
    "docs/reference/admin.graphql": admin_sdl,
    "docs/reference/customer.graphql": customer_sdl,
    "docs/reference/permissions.md": permissions,
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
