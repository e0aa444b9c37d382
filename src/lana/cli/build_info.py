"""`lana-cli build-info`"""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Annotated

import typer

from lana.cli.output import print_facts


def build_info(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Print version, profile, target and features.

    Example:

      lana-cli build-info --json
    """
    print_facts(
        {
            "version": version("lana-bank"),
            "profile": "release",
            "target": f"{platform.machine()}-{platform.system().lower()}",
            "features": [],
        },
        as_json=as_json,
    )
