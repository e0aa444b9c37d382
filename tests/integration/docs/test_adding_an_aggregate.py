"""The example of the page, run from the page."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg

HERE = Path(__file__).parent
PAGE = HERE.parents[2] / "docs/how-it-works/adding-an-aggregate.md"
FILE = re.compile(r"^`([\w./]+\.(?:py|sql))`\n\n```(?:python|sql)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def files() -> dict[str, str]:
    return dict(FILE.findall(PAGE.read_text()))


def test_every_block_of_code_names_its_file() -> None:
    blocks = re.findall(r"^```(?:python|sql)$", PAGE.read_text(), re.MULTILINE)
    assert len(blocks) == len(files()) > 0


def test_the_example_runs_as_the_page_says(dsn: str, tmp_path: Path) -> None:
    for name, content in files().items():
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)
    (migration,) = (tmp_path / "src").rglob("*.sql")
    with psycopg.connect(dsn, autocommit=True, options="-c search_path=lana") as connection:
        connection.execute(migration.read_text())
    shutil.copy(HERE / "own_process.py", tmp_path / "conftest.py")
    shutil.copy(HERE / "safekeeping_api.py", tmp_path / "tests/test_api.py")
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"),
            *("--rootdir", ".", "--import-mode=importlib", "-o", "asyncio_mode=auto", "tests"),
        ],
        cwd=tmp_path,
        env={**os.environ, "LANA_EXAMPLE_DSN": dsn},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "7 passed" in ran.stdout
