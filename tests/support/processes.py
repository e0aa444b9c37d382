"""`lana-cli` as processes of their own, to be killed; and an issuer whose tokens they believe."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import ECKey

from tests.conftest import NO_MARKET, SUPERUSER
from tests.support.own_server import free_port

CLI = Path(sys.executable).with_name("lana-cli")
AUDIENCE = "https://admin-api/graphql"
OWN = ("--set", f"app.access.superuser_email={SUPERUSER}", "--set", f"app.price.bitfinex_url={NO_MARKET}")
CLOCK = ("--set", "time.mode=manual", "--set", "time.start_at=2026-01-15T12:00:00Z")


class Running:
    """One process of the bank. Its log is its standard error and output."""

    def __init__(self, home: Path, dsn: str, *arguments: str) -> None:
        home.mkdir(parents=True)
        self._log = home / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [str(CLI), *CLOCK, *OWN, *arguments],
                cwd=home,
                env={
                    "PATH": os.environ["PATH"],
                    "PG_CON": dsn,
                    "ENCRYPTION_KEY": "00" * 32,
                    "LANA_HOME": str(home),
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def wait_ready(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while " ready" not in self.log:
            assert self._process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.05)

    def kill(self) -> None:
        """-9: it hears nothing and cleans nothing up."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(10)

    def stop(self) -> int:
        """As a supervisor does; answers the exit status."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(30)


class Processes:
    """Started here, ended here."""

    def __init__(self, home: Path, dsn: str) -> None:
        self._home = home
        self._dsn = dsn
        self._all: list[Running] = []

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in self._all:
            one.kill()

    def start(self, *arguments: str) -> Running:
        one = Running(self._home / str(len(self._all)), self._dsn, *arguments)
        self._all.append(one)
        return one

    def worker(self) -> Running:
        return self.start("--set", f"worker.metrics_port={free_port()}", "work")

    def admin_server(self, issuer: Issuer, port: int) -> Running:
        trust = json.dumps([issuer.trust])
        ports = (f"admin_server.port={port}", f"admin_server.metrics_port={free_port()}")
        settings = [part for one in (*ports, f"admin_server.trust={trust}") for part in ("--set", one)]
        return self.start(*settings, "serve", "admin")


class Issuer:
    """Signs tokens and publishes its keys on loopback."""

    def __init__(self) -> None:
        self._key = ECKey.generate_key("P-256", {"kid": "test", "use": "sig", "alg": "ES256"})
        keys = json.dumps({"keys": [self._key.as_dict(private=False)]}).encode()

        class Keys(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(keys)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
        self._thread = Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Issuer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    @property
    def trust(self) -> dict[str, object]:
        return {
            "issuer": "test-issuer",
            "jwks_url": f"http://127.0.0.1:{self._server.server_address[1]}/keys",
            "audience": AUDIENCE,
            "algorithms": ["ES256"],
            "subject_claim": "subject",
        }

    def token(self, person: UUID) -> str:
        claims = {
            "iss": "test-issuer",
            "aud": [AUDIENCE],
            "subject": str(person),
            "sub": str(person),
            "exp": int(time.time()) + 600,
        }
        return jwt.encode({"alg": "ES256", "kid": "test"}, claims, self._key, algorithms=["ES256"])
