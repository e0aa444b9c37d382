"""What the pages name is there, and what is there has its place in the README."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

ROOT = Path(__file__).parents[2]
SKIPPED = {".venv", ".git", ".lana", "node_modules", ".pytest_cache", ".hypothesis"}
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
README = (ROOT / "README.md").read_text()
SCHEMAS = [
    build_schema((ROOT / f"docs/reference/{api}.graphql").read_text()) for api in ("admin", "customer")
]
EXAMPLE = re.compile(r"^```graphql\n(.*?)^```", re.MULTILINE | re.DOTALL)
MAKE = re.compile(r"^([a-z-]+):", re.MULTILINE)


def pages() -> list[Path]:
    return [
        page for page in sorted(ROOT.rglob("*.md")) if not SKIPPED.intersection(page.relative_to(ROOT).parts)
    ]


def anchors(page: Path) -> set[str]:
    """As a heading's link is spelled."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    broken: list[str] = []
    for link in LINK.findall(page.read_text()):
        if link.startswith(("http://", "https://")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def rooms() -> Iterator[str]:
    for parent in ("src/lana", "src/lana/core", "src/lana/lib", "tests", "docs", "."):
        for room in sorted((ROOT / parent).iterdir()):
            if room.is_dir() and not room.name.startswith(("_", ".")) and any(room.glob("[!_]*")):
                yield room.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("room", list(rooms()))
def test_every_room_is_in_the_readme(room: str) -> None:
    short = room.removeprefix("src/lana/")
    assert room == "src" or re.search(rf"`(src/lana/)?{re.escape(short)}`", README), room


def test_what_the_readme_says_to_make_can_be_made() -> None:
    targets = set(MAKE.findall((ROOT / "Makefile").read_text()))
    said: set[str] = set()
    for page in pages():
        said |= set(re.findall(r"(?:^|`|&& |\()make (?:-s )?([a-z-]+)", page.read_text(), re.MULTILINE))
    assert said - targets == set()
    assert {"up", "demo", "check"} <= said


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_tests_that_pages_name_exist(page: Path) -> None:
    folders = (ROOT / "tests", ROOT / "cala-ledger" / "tests")
    tests = "\n".join(path.read_text() for each in folders for path in sorted(each.rglob("test_*.py")))
    named = re.findall(r"`(test_\w+)`", page.read_text())
    assert [name for name in named if f"def {name}(" not in tests] == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_an_example_is_one_request_that_an_api_takes(page: Path) -> None:
    for example in EXAMPLE.findall(page.read_text()):
        assert min((validate(schema, parse(example)) for schema in SCHEMAS), key=len) == []
