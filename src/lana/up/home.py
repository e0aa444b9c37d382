"""The home directory of one bank: its lock, its state, its secrets, its logs."""

import errno
import fcntl
import os
import secrets
from pathlib import Path
from typing import IO

import msgspec

from lana.up.process import Identity, lives

LOG_BYTES_KEPT = 10 * 1024 * 1024


class State(msgspec.Struct):
    """What the supervisor of this home has started. `phase` is starting, ready or stopping."""

    supervisor: Identity
    phase: str = "starting"
    children: dict[str, Identity] = {}
    screen: str = ""


class Secrets(msgspec.Struct, frozen=True):
    """Drawn once per home; whoever has them is the bank."""

    encryption_key: str
    storage_signing_secret: str
    keycloak_admin_password: str
    keycloak_admin_client_secret: str
    keycloak_customer_client_secret: str
    customer_portal_client_secret: str


class Home:
    def __init__(self, path: Path) -> None:
        self.path: Path = path
        self._lock: IO[str] | None = None

    def create(self) -> None:
        self.path.mkdir(mode=0o755, parents=True, exist_ok=True)
        (self.path / "logs").mkdir(exist_ok=True)

    def lock(self) -> bool:
        """False if another supervisor holds this home. Held until the process ends, however it ends."""
        file = (self.path / "up.lock").open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._lock = file
        return True

    def unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def read_state(self) -> State | None:
        try:
            return msgspec.json.decode((self.path / "state.json").read_bytes(), type=State)
        except FileNotFoundError:
            return None

    def running_state(self) -> State | None:
        state = self.read_state()
        return state if state is not None and lives(state.supervisor) else None

    def write_state(self, state: State) -> None:
        self._replace("state.json", msgspec.json.encode(state), 0o644)

    def note_state(self, state: State) -> None:
        """Like `write_state`, but a full disk does not keep a bank from stopping."""
        try:
            self.write_state(state)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise

    def forget_state(self) -> None:
        (self.path / "state.json").unlink(missing_ok=True)

    def secrets(self) -> Secrets:
        """Read from the home, or drawn now; what the environment already has is taken over."""
        file = self.path / "secrets.json"
        if not file.exists():
            names = Secrets.__struct_fields__
            drawn = Secrets(*(os.environ.get(name.upper()) or _draw(name) for name in names))
            self._replace("secrets.json", msgspec.json.encode(drawn), 0o600)
        return msgspec.json.decode(file.read_bytes(), type=Secrets)

    def read_note(self, name: str) -> str:
        """What `write` wrote under this name; empty if nothing yet."""
        file = self.path / name
        return file.read_text() if file.exists() else ""

    def log(self, name: str) -> Path:
        """Where a part's output goes. Called at each start: a long log makes room, one older is kept."""
        file = self.path / "logs" / f"{name}.log"
        if file.exists() and file.stat().st_size > LOG_BYTES_KEPT:
            _ = file.replace(file.with_suffix(".log.1"))
        return file

    def write(self, name: str, text: str, mode: int = 0o644) -> Path:
        return self._replace(name, text.encode(), mode)

    def _replace(self, name: str, content: bytes, mode: int) -> Path:
        file, half = self.path / name, self.path / f"{name}.{os.getpid()}.half"
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as out:
                _ = out.write(content)
                out.flush()
                os.fsync(out.fileno())
            return half.replace(file)
        except OSError:
            half.unlink(missing_ok=True)
            raise


def _draw(name: str) -> str:
    return secrets.token_hex(32) if name == "encryption_key" else secrets.token_urlsafe(24)
