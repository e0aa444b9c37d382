"""Imports go one way, and a domain sees another through its public surface only."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CORE = ROOT / "src/lana/core"


def test_layers_and_walls_hold() -> None:
    result = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout


def test_a_domain_sees_another_only_through_its_public_surface() -> None:
    domains = {p.name for p in CORE.iterdir() if p.is_dir() and p.name != "__pycache__"}
    guilty: list[str] = []
    for path in [*(ROOT / "src/lana").rglob("*.py")]:
        inside = path.relative_to(CORE).parts[0] if path.is_relative_to(CORE) else ""
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("lana.core."):
                parts = node.module.split(".")
                if parts[2] in domains and parts[2] != inside and len(parts) > 3:
                    guilty.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.module}")
    assert guilty == []
