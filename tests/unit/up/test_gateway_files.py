"""The checked-in gateway files are what the table makes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lana.up.gateway.table import CHECKOUT, local_site, read_table
from lana.up.gateway.write import checked_in, envoy_files
from lana.up.plan import envoy_binary


@pytest.mark.parametrize(
    ("path", "text"), [pytest.param(p, t, id=str(p.relative_to(CHECKOUT))) for p, t in checked_in().items()]
)
def test_checked_in_file_is_what_the_route_table_makes(path: Path, text: str) -> None:
    assert path.read_text() == text, "run `make gateway`"


@pytest.mark.parametrize("panels", [True, False])
def test_envoy_accepts_its_configuration(tmp_path: Path, panels: bool) -> None:
    file = tmp_path / "envoy.json"
    file.write_text(envoy_files(read_table(), local_site(panels=panels))["envoy.json"])
    done = subprocess.run(
        [str(envoy_binary()), "--mode", "validate", "-c", str(file), "--base-id", "77"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
