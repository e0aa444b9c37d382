"""Programs and ports of the tests' own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from lana.up.config import PARTS, Ports, default_cache, port_variable

UP_SECONDS = 600


def shared_directory(factory: pytest.TempPathFactory) -> Path:
    """The run's own directory, the same for every worker."""
    base = factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


def free_ports(count: int) -> list[int]:
    """Ports that are free now; all are held until the last is known, so that none comes twice."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def until(condition: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"after {seconds} s still not: {what}"
        time.sleep(0.05)


class Bank:
    """`python -m lana.up` in a home and on ports of its own, as its user runs it."""

    def __init__(
        self, home: Path, parts: tuple[str, ...] = PARTS, ports: dict[str, int] | None = None
    ) -> None:
        names = Ports.__struct_fields__
        self.home = home
        self.ports = ports or dict(zip(names, free_ports(len(names)), strict=True))
        self.environment = {
            **os.environ,
            "LANA_HOME": str(home),
            "LANA_CACHE": str(default_cache()),
            "LANA_UP_CONFIG": str(home / "none.yml"),
            "LANA_PARTS": " ".join(parts),
            "JAVA_OPTS_APPEND": "-XX:TieredStopAtLevel=1",
            **{port_variable(name): str(port) for name, port in self.ports.items()},
        }
        for name in ("PG_CON", "KEYCLOAK_URL", "LANA_OATHKEEPER"):
            self.environment.pop(name, None)

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "lana.up", *arguments],
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=UP_SECONDS,
            check=False,
        )

    def up(self) -> subprocess.CompletedProcess[str]:
        done = self.run("up", "--detach")
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def down(self) -> subprocess.CompletedProcess[str]:
        done = self.run("down")
        assert done.returncode == 0, done.stdout + done.stderr
        return done


@contextmanager
def served(application: Any, port: int) -> Iterator[None]:
    """An ASGI application on a thread of its own."""
    server = uvicorn.Server(uvicorn.Config(application, "127.0.0.1", port, log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started, f"a server on port {port}")
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        assert not thread.is_alive()
