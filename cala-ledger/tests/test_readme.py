"""The README's example, run as a program of its own."""

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def test_the_example_runs_and_prints_what_the_readme_says(dsn: str, tmp_path: Path) -> None:
    text = README.read_text(encoding="utf-8")
    found = re.search(r"## Example\n\n```python\n(.*?)```", text, re.DOTALL)
    assert found is not None
    program = tmp_path / "example.py"
    program.write_text(found[1], encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, str(program), dsn], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    said = re.search(r"It prints (.*?)\.\n", text)
    assert said is not None
    assert ran.stdout.splitlines() == re.findall(r"`([^`]+)`", said[1])
