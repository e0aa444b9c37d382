"""Keycloak's distribution: fetched once per machine, checked, unpacked, built, shared by all homes.

Guarantee: what is unpacked has the SHA-256 pinned here. Each step ends in one rename, so one cut short is
done again. Costs: 177 MB over the network, 370 MB of disk, half a minute of Java, once per machine and
version. A home gets a tree of hard links (a copy where the file system has none).
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from lana.up.errors import DownloadAltered, DownloadFailed, KeycloakFailed, disk_full

VERSION = "26.7.3"
SHA256 = "27a6535553c3cdcd083872ba40629efafb3475e3b758e0c6f691395561dd0f1f"
ARTIFACT = "org.keycloak:keycloak-quarkus-dist"
ZIP = f"keycloak-quarkus-dist-{VERSION}.zip"
HEAP = ["-Xms64m", "-Xmx512m"]
FETCH_SECONDS = 900
BUILD_SECONDS = 600
LEAST_FREE_BYTES = 50 * 2**20
JVM = [
    "-XX:MetaspaceSize=96M",
    "-XX:MaxMetaspaceSize=256m",
    "-XX:+ExitOnOutOfMemoryError",
    "-Dfile.encoding=UTF-8",
    "-Dsun.stdout.encoding=UTF-8",
    "-Dsun.err.encoding=UTF-8",
    "-Dstdout.encoding=UTF-8",
    "-Dstderr.encoding=UTF-8",
    "-Djava.security.egd=file:/dev/urandom",
    "-Djdk.tls.rejectClientInitiatedRenegotiation=true",
    "-Duser.language=en",
    "-Duser.country=US",
    "--add-opens=java.base/java.util=ALL-UNNAMED",
    "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
    "--add-opens=java.base/java.security=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--enable-native-access=ALL-UNNAMED",
    "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
    "-Dpicocli.disable.closures=true",
    "-Djava.util.concurrent.ForkJoinPool.common.threadFactory="
    "io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory",
]

_busy: list[subprocess.Popen[bytes]] = []
Say = Callable[[str], None]


def java_command(java: Path, distribution: Path, *arguments: str, options: str = "") -> list[str]:
    """What Keycloak's own kc.sh runs, without the shell in between: its process is Keycloak itself."""
    return [
        str(java), *JVM, *HEAP, *options.split(),
        f"-Dkc.home.dir={distribution}", f"-Djboss.server.config.dir={distribution / 'conf'}",
        "-cp", str(distribution / "lib" / "quarkus-run.jar"),
        "io.quarkus.bootstrap.runner.QuarkusEntryPoint", *arguments,
    ]  # fmt: skip


def distribution(cache: Path, java: Path, say: Say) -> Path:
    """The built distribution in the cache; whoever comes second waits for the first."""
    built = cache / f"keycloak-{VERSION}-postgres"
    if built.exists():
        return built
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "keycloak.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.exists():
            _make(cache, built, java, say)
    return built


def link(built: Path, home: Path) -> Path:
    """The home's own tree: the distribution's files, shared, and its own `data`."""
    tree = home / "keycloak" / VERSION
    if not tree.exists():
        half = tree.with_name(f"{VERSION}.half")
        shutil.rmtree(half, ignore_errors=True)
        half.parent.mkdir(parents=True, exist_ok=True)
        _ = shutil.copytree(built, half, copy_function=_link_or_copy, symlinks=True)
        _ = half.rename(tree)
    return tree


def check_sha256(file: Path) -> None:
    with file.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != SHA256:
        raise DownloadAltered(
            f"{file} is not Keycloak {VERSION} as it was released: it is broken or was altered"
            f" (SHA-256 {found[:16]}…, expected {SHA256[:16]}…).",
            f"Delete it, and its copy below ~/.m2/repository/org/keycloak if any, then run again: rm {file}",
        )


def _make(cache: Path, built: Path, java: Path, say: Say) -> None:
    archive = cache / ZIP
    try:
        if not archive.exists():
            say(f"fetching Keycloak {VERSION} (177 MB, once per machine)")
            _fetch(cache, archive, say)
        check_sha256(archive)
        say(f"unpacking Keycloak {VERSION}")
        half = cache / f"keycloak-{VERSION}.half"
        shutil.rmtree(half, ignore_errors=True)
        with zipfile.ZipFile(archive) as zipped:
            zipped.extractall(half)
    except OSError as error:
        if shutil.disk_usage(cache).free < LEAST_FREE_BYTES:
            raise disk_full(cache) from error
        raise
    tree = half / f"keycloak-{VERSION}"
    say("building Keycloak for PostgreSQL (half a minute, once per machine)")
    _build(java, tree, cache / "keycloak-build.log")
    _ = tree.rename(built)
    half.rmdir()
    archive.unlink()


def _build(java: Path, tree: Path, log: Path) -> None:
    command = java_command(java, tree, "build", "--db=postgres", "--health-enabled=true")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("KC_")}
    with log.open("w") as out:
        status = _run(command, tree, out, environment, BUILD_SECONDS)
    if status != 0:
        if shutil.disk_usage(tree).free < LEAST_FREE_BYTES:
            raise disk_full(tree)
        raise KeycloakFailed(f"Keycloak could not be built with {java}.", f"What it said is in {log}.")


def _fetch(cache: Path, archive: Path, say: Say) -> None:
    given = os.environ.get("LANA_KEYCLOAK_ZIP")
    if given:
        _ = shutil.copyfile(given, archive)
        return
    maven = shutil.which("mvn")
    if maven and _fetch_by_maven(maven, cache):
        return
    if maven:
        say("mvn could not fetch it; trying without")
    _fetch_by_layout(archive)


def _fetch_by_maven(maven: str, cache: Path) -> bool:
    command = [
        maven, "-q", "-B", "dependency:copy", f"-Dartifact={ARTIFACT}:{VERSION}:zip",
        f"-DoutputDirectory={cache}",
    ]  # fmt: skip
    with (cache / "keycloak-fetch.log").open("w") as out:
        status = _run(command, cache, out, dict(os.environ), FETCH_SECONDS)
    return status == 0 and (cache / ZIP).exists()


def _run(command: list[str], folder: Path, out: IO[str], environment: dict[str, str], seconds: float) -> int:
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=folder, env=environment
    ) as process:
        _busy.append(process)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            return -1
        finally:
            _busy.remove(process)


def interrupt() -> None:
    """Ends the program that fetches or builds now, if any, so that stopping does not wait for it."""
    for process in _busy.copy():
        process.terminate()


def _fetch_by_layout(archive: Path) -> None:
    from jgo.maven import MavenContext

    group, _, name = ARTIFACT.partition(":")
    try:
        project = MavenContext(timeout=60).project(group, name)
        found = Path(project.at_version(VERSION).artifact("", "zip").resolve())
    except Exception as error:
        raise DownloadFailed(
            f"Keycloak {VERSION} could not be fetched: {error}",
            f"Check the network, or fetch {ZIP} by other means and name it in LANA_KEYCLOAK_ZIP.",
        ) from error
    half = archive.with_suffix(".half")
    _ = _link_or_copy(str(found), str(half))
    _ = half.replace(archive)


def _link_or_copy(source: str, target: str) -> str:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        return shutil.copy2(source, target)
    return target
