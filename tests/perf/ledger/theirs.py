"""The Rust crate under the same loads: a small program of ours (tests/perf/rust), built when cargo is there."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from pathlib import Path

from tests.perf import cpu
from tests.perf.measure import Series

SOURCE = Path(__file__).parents[1] / "rust"
TARGET = Path(os.environ.get("LANA_CACHE", Path.home() / ".cache" / "lana")) / "rust"
BUILD_SECONDS = 720
SLACK_SECONDS = 120


def cargo() -> str | None:
    return shutil.which("cargo") or shutil.which("cargo", path=str(Path.home() / ".cargo" / "bin"))


async def build(tool: str) -> Path:
    """The program, built once into the cache; minutes the first time. Raises RuntimeError with cargo's words, and
    TimeoutError."""
    process = await asyncio.create_subprocess_exec(
        tool, "build", "--release", "--locked", "--quiet",
        cwd=SOURCE,
        env=os.environ | {"CARGO_TARGET_DIR": str(TARGET)},
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(BUILD_SECONDS):
            _, said = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        raise RuntimeError(f"cargo could not build the crate's program:\n{said.decode()[-2_000:]}")
    return TARGET / "release" / "cala-bench"


class Crate:
    """The program on a database of its own."""

    def __init__(self, program: Path, dsn: str, postmaster: int) -> None:
        self._program = program
        self._dsn = dsn
        self._postmaster = postmaster

    async def set_up(self) -> None:
        await self._run("setup", 1, 0)

    async def measure(self, case: str, clients: int, seconds: float) -> Series:
        before = cpu.of_server(self._postmaster)
        said = await self._run(case, clients, seconds)
        rate = float(said["rate"])
        return Series(
            seconds=float(said["seconds"]),
            written=int(said["count"]),
            rate_given=rate,
            p50_given=float(said["p50_ms"]),
            server_cpu=cpu.of_server(self._postmaster) - before,
            client_cpu=float(said["cpu_s"]),
        )

    async def _run(self, case: str, clients: int, seconds: float) -> dict[str, float]:
        process = await asyncio.create_subprocess_exec(
            self._program, self._dsn, case, str(clients), str(seconds),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        async with asyncio.timeout(seconds + SLACK_SECONDS):
            out, errors = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"the crate's program failed in case {case}: {errors.decode()[-2_000:]}")
        return json.loads(out)
