"""The disk runs full under load: callers are told so, nothing is lost, and with space the bank goes on."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lana.app import open_app
from lana.lib.es import committer
from tests.conftest import bank_config
from tests.support.bank import open_account, superuser_of
from tests.support.own_server import Depositors, OwnServer
from tests.support.proof import assert_clean
from tests.support.waiting import eventually

MEGABYTE = 1024 * 1024
SMALL_LOG = {"min_wal_size": "32MB", "max_wal_size": "48MB", "checkpoint_timeout": "30s"}


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of the test's own, which PostgreSQL's user can reach."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system of the test's own")
    with tempfile.TemporaryDirectory(prefix="lana-disk-") as place:
        Path(place).chmod(0o755)
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=192m,mode=755", "tmpfs", place],
            capture_output=True,
            text=True,
            check=False,
        )
        if mounted.returncode:
            pytest.skip(f"a file system of the test's own cannot be mounted: {mounted.stderr.strip()}")
        try:
            yield Path(place)
        finally:
            unmount(place)


def unmount(place: str, seconds: float = 15) -> None:
    """The last processes of a stopped server may hold it for a moment longer."""
    deadline = time.monotonic() + seconds
    while subprocess.run(["umount", place], capture_output=True, check=False).returncode:
        assert time.monotonic() < deadline, f"{place} is still in use"
        time.sleep(0.05)


@pytest.fixture
def own(small_disk: Path) -> Iterator[OwnServer]:
    server = OwnServer(small_disk / "postgres", SMALL_LOG)
    server.start()
    yield server
    server.stop()


def fill(disk: Path) -> Path:
    """A file as large as what is left."""
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        for size in (MEGABYTE, 4096):
            while os.statvfs(disk).f_bavail * 4096 >= size:
                file.write(b"\0" * size)
                file.flush()
    return ballast


async def test_a_full_disk_stops_the_bank_and_loses_nothing(
    own: OwnServer, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(committer, "DEADLINE", 5.0)
    async with open_app(bank_config(own.dsn)) as bank:
        root = await superuser_of(bank)
        accounts = [(await open_account(bank, root)).id for _ in range(4)]
        async with Depositors(bank, root, accounts, 16) as load:
            await load.more(200)
            ballast = await asyncio.to_thread(fill, small_disk)
            await eventually(lambda: load.troubles["DatabaseUnavailable"] > 30, 60)
            ballast.unlink()
            # a server whose log could not grow has ended, and whoever supervises it starts it again
            await asyncio.to_thread(own.start)
            await load.more(200)
        rows = await bank.db.fetch("select id from deposits")
        stored = [row[0] for row in rows]
        assert len(stored) == len(load.acknowledged)
        assert set(stored) == set(load.acknowledged.values())
        assert load.faults == []
        await assert_clean(bank)
