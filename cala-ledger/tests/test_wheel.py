"""The library stands alone: its wheel, in an empty environment, runs the example of the README."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLE = re.compile(r"```python\n(import asyncio,.*?)```", re.DOTALL)


def run(*command: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(
        [str(each) for each in command], cwd=cwd, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv is None:
        pytest.skip("uv builds the wheel, and is not on the path")
    folder = tmp_path_factory.mktemp("wheel")
    run(uv, "build", "--wheel", "--out-dir", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_its_migrations_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"cala_ledger"}
    for name in ("tables/0001", "tables/0002", "functions/post", "functions/limits", "functions/chain"):
        assert f"cala_ledger/migrations/sql/{name}.sql" in names


def test_the_library_imports_nothing_of_the_bank() -> None:
    for file in (ROOT / "src").rglob("*.py"):
        assert not re.search(r"^\s*(?:from|import)\s+lana\b", file.read_text(), re.MULTILINE), file


def test_the_example_runs_in_an_empty_environment(wheel: Path, dsn: str, tmp_path: Path) -> None:
    found = EXAMPLE.search((ROOT / "README.md").read_text(encoding="utf-8"))
    assert found is not None
    assert len([line for line in found[1].splitlines() if line.strip()]) <= 40
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent)) or "uv"
    run(uv, "venv", "--python", sys.executable, tmp_path / "env")
    python = tmp_path / "env" / "bin" / "python"
    run(uv, "pip", "install", "--python", python, wheel)
    script = tmp_path / "example.py"
    script.write_text(found[1], encoding="utf-8")
    said = run(python, "-I", script, dsn, cwd=tmp_path)
    assert said.splitlines() == ["10001 asked, 10000 left", "balance 10000", "violations 0"]
