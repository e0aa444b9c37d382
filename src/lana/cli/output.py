"""What commands print: a table for people, JSON for scripts."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import msgspec
from rich.console import Console
from rich.table import Table

NO_SCREEN = 10_000
"""Columns of a table that goes to a file or another program: its words are not broken into lines."""


def print_json(value: object) -> None:
    """One JSON document, indented, on standard output."""
    text = msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2).decode()
    sys.stdout.write(f"{text}\n")


def print_rows(columns: Sequence[str], rows: Sequence[Sequence[object]], *, as_json: bool) -> None:
    """Rows as a table, or as a list of objects."""
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
        return
    table = Table(*columns)
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    Console(width=None if sys.stdout.isatty() else NO_SCREEN).print(table)


def print_facts(facts: Mapping[str, object], *, as_json: bool) -> None:
    """Names and values, one a line."""
    if as_json:
        print_json(facts)
        return
    for name, value in facts.items():
        text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else value  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        sys.stdout.write(f"{name}: {text}\n")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def complain(text: str) -> None:
    sys.stderr.write(f"{text}\n")
