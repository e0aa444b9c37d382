"""`make up` as its user meets it. Without Keycloak, which the gateway's tests start the same way."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from lana.up.process import pid_lives
from tests.e2e.running import Bank, until

PARTS = ("postgres", "gateway")


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    bank = Bank(tmp_path / "home", PARTS)
    yield bank
    bank.down()


def children(bank: Bank) -> dict[str, int]:
    state = json.loads((bank.home / "state.json").read_text())
    return {name: child["pid"] for name, child in state["children"].items()}


def supervisor(bank: Bank) -> int:
    return json.loads((bank.home / "state.json").read_text())["supervisor"]["pid"]


def dsn(bank: Bank) -> str:
    password = (bank.home / "postgres" / "lana.password").read_text()
    return f"postgresql://lana:{password}@127.0.0.1:{bank.ports['postgres']}/lana"


def write_down(bank: Bank, what: str) -> None:
    with psycopg.connect(dsn(bank)) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (what text)")
        connection.execute("INSERT INTO kept VALUES (%s)", (what,))


def written_down(bank: Bank) -> list[str]:
    with psycopg.connect(dsn(bank)) as connection:
        return [row[0] for row in connection.execute("SELECT what FROM kept ORDER BY 1")]


def refusal(bank: Bank, **environment: str) -> str:
    done = bank.run("up", **environment)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_up_shows_progress_and_one_screen(bank: Bank) -> None:
    said = bank.up().stdout
    assert "PostgreSQL is ready" in said
    assert f"http://localhost:{bank.ports['gateway']}/admin/graphql" in said
    assert str(bank.home / "logs") in said
    assert "make down" in said


def test_up_twice_changes_nothing(bank: Bank) -> None:
    bank.up()
    before = (supervisor(bank), children(bank))
    assert "runs already" in bank.up().stdout
    assert (supervisor(bank), children(bank)) == before


def test_down_stops_everything_and_twice_is_no_error(bank: Bank) -> None:
    bank.up()
    running = [supervisor(bank), *children(bank).values()]
    assert "Stopped" in bank.down().stdout
    assert not [pid for pid in running if pid_lives(pid)]
    assert "Nothing runs" in bank.down().stdout


def test_killed_supervisor_loses_nothing_and_the_next_one_goes_on(bank: Bank) -> None:
    bank.up()
    write_down(bank, "before the supervisor was killed")
    orphans = children(bank)
    os.kill(supervisor(bank), signal.SIGKILL)
    bank.up()
    assert not [pid for pid in orphans.values() if pid_lives(pid)]
    assert written_down(bank) == ["before the supervisor was killed"]


def test_everything_killed_at_once_loses_nothing(bank: Bank) -> None:
    bank.up()
    write_down(bank, "before all were killed")
    for pid in [supervisor(bank), *children(bank).values()]:
        os.kill(pid, signal.SIGKILL)
    bank.up()
    assert written_down(bank) == ["before all were killed"]


def test_down_stops_what_a_killed_supervisor_left(bank: Bank) -> None:
    bank.up()
    orphans = children(bank)
    os.kill(supervisor(bank), signal.SIGKILL)
    bank.down()
    assert not [pid for pid in orphans.values() if pid_lives(pid)]


@pytest.mark.parametrize("part", PARTS)
def test_part_that_dies_is_started_again_and_said_so(bank: Bank, part: str) -> None:
    bank.up()
    died = children(bank)[part]
    os.kill(died, signal.SIGKILL)
    until(lambda: children(bank).get(part, died) != died, f"{part} has a new process")
    log = bank.home / "logs" / "up.log"
    until(lambda: "is back" in log.read_text(), f"{part} is back")
    assert "died (status -9)" in log.read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_stops_everything(bank: Bank, number: signal.Signals) -> None:
    with (bank.home.parent / "said").open("w+") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "lana.up", "up"], env=bank.environment, stdout=said, stderr=said
        )
        until(lambda: "make down" in (bank.home.parent / "said").read_text(), "the screen")
        running = children(bank)
        process.send_signal(number)
        assert process.wait(60) == 0
    assert not [pid for pid in running.values() if pid_lives(pid)]
    assert "Traceback" not in (bank.home.parent / "said").read_text()


def test_panel_hosts_say_in_a_sentence_that_there_is_no_panel(bank: Bank) -> None:
    bank.up()
    for host, panel in (("admin.localhost", "admin-panel"), ("app.localhost", "customer-portal")):
        headers = {"Host": f"{host}:{bank.ports['gateway']}"}
        answer = httpx.get(f"http://127.0.0.1:{bank.ports['gateway']}/", headers=headers, trust_env=False)
        assert answer.status_code == 404
        assert f"{panel} is not part of this installation yet" in answer.json()["error"]["message"]


def test_taken_port_is_named_with_its_remedy(bank: Bank) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", bank.ports["gateway"]))
        holder.listen()
        said = refusal(bank)
    assert f"Port {bank.ports['gateway']} (gateway) is in use by process {os.getpid()}" in said
    assert "LANA_PORT_GATEWAY=" in said
    assert not (bank.home / "state.json").exists()


def test_altered_download_is_refused(bank: Bank, tmp_path: Path) -> None:
    altered = tmp_path / "keycloak.zip"
    altered.write_bytes(b"not what was released")
    said = refusal(
        bank,
        LANA_PARTS="postgres keycloak",
        LANA_CACHE=str(tmp_path / "cache"),
        LANA_KEYCLOAK_ZIP=str(altered),
    )
    assert "is broken or was altered" in said
    assert "rm " in said


def test_program_that_is_none_is_named(bank: Bank) -> None:
    assert "names /nowhere/oathkeeper" in refusal(bank, LANA_OATHKEEPER="/nowhere/oathkeeper")


def test_database_that_cannot_be_reached_is_named_without_its_password(bank: Bank) -> None:
    said = refusal(bank, PG_CON="postgresql://somebody:sesame@127.0.0.1:1/lana")
    assert "The PostgreSQL of PG_CON" in said
    assert "sesame" not in said


def test_keycloak_that_cannot_be_reached_is_named(bank: Bank) -> None:
    said = refusal(bank, LANA_PARTS="postgres keycloak", KEYCLOAK_URL="http://127.0.0.1:1")
    assert "Keycloak at http://127.0.0.1:1 does not answer" in said


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 MB of the test's own."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400m,mode=755", "lana-test", str(place)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if mounted.returncode != 0:
        pytest.skip(f"this user may not mount a small file system: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path, leave: int) -> None:
    usage = os.statvfs(disk)
    free = usage.f_bavail * usage.f_frsize
    with (disk / "filler").open("wb") as out:
        os.posix_fallocate(out.fileno(), 0, free - leave)


def test_nearly_full_disk_is_said_before_anything_is_started(small_disk: Path) -> None:
    bank = Bank(small_disk / "home", PARTS)
    fill(small_disk, 50 * 2**20)
    said = refusal(bank)
    assert f"The disk that holds {bank.home} has" in said
    assert "LANA_HOME" in said


def test_disk_that_fills_up_ends_in_a_sentence_and_loses_nothing(small_disk: Path) -> None:
    bank = Bank(small_disk / "home", PARTS)
    bank.up()
    try:
        write_down(bank, "before the disk was full")
        watching = supervisor(bank)
        fill(small_disk, 0)
        os.kill(children(bank)["postgres"], signal.SIGKILL)
        until(lambda: not pid_lives(watching), "the bank has ended")
        assert f"The disk that holds {bank.home} is full" in (bank.home / "logs" / "up.log").read_text()
        (small_disk / "filler").unlink()
        bank.up()
        assert written_down(bank) == ["before the disk was full"]
    finally:
        bank.down()
