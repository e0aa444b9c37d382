"""Run a command in Lana's environment, building that environment first.

    python3 tools/bootstrap.py PROGRAM [ARGUMENT...]

Needs nothing but Python and its standard library: it finds or fetches `uv`, lets it install what
uv.lock names (every file checked against the hash there), then becomes PROGRAM from .venv.
Stays readable by old Pythons, so that they get a sentence and no syntax error.
"""

import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
BIN = "Scripts" if os.name == "nt" else "bin"
OLDEST_PYTHON = (3, 11)
UV_VERSION = "0.13.9"
OLDEST_UV = (0, 8)
FIRST_INSTALL_MIB = 1500
LISTED_PACKAGE = re.compile(r"^ [+~-] ")

# what a tool says → what is wrong and what to do
CAUSES = (
    ("No space left on device", "The disk is full.", "Free some space, then run the same command again."),
    (
        "Hash mismatch",
        "A downloaded package is not the one that uv.lock names: it is broken or was altered.",
        "Run again; if it stays so, ask who runs the package mirror of this network.",
    ),
    (
        "DO NOT MATCH THE HASHES",
        "A downloaded package is broken or was altered.",
        "Run again; if it stays so, ask who runs the package mirror of this network.",
    ),
    (
        "lockfile at",
        "uv.lock does not fit pyproject.toml.",
        "Restore both with git, or run `uv lock` if you changed the dependencies.",
    ),
    (
        "dns error|Connection refused|tcp connect|timed out|Could not connect|NewConnection|to fetch",
        "The package registry could not be reached.",
        "Check the network (and HTTPS_PROXY, if you need one), then run the same command again.",
    ),
    (
        "Permission denied",
        "A file could not be written.",
        "Give yourself the checkout: sudo chown -R $USER .",
    ),
)


def stop(problem, remedy):
    sys.stderr.write(f"\nlana: {problem}\n      {remedy}\n")
    sys.exit(2)


def say(text):
    sys.stderr.write(f"lana: {text}\n")
    sys.stderr.flush()


def cache_dir():
    default = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "lana")
    return os.environ.get("LANA_CACHE") or default


def run(command, env=None):
    """Runs a command, showing what it says as it says it; returns (status, all it said)."""
    said = []
    try:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
        )
    except OSError as error:
        return 127, str(error)
    for line in process.stdout:
        said.append(line)
        if not LISTED_PACKAGE.match(line):
            sys.stderr.write("      " + line)
            sys.stderr.flush()
    return process.wait(), "".join(said)


def explain(said, otherwise, remedy):
    for pattern, problem, what_to_do in CAUSES:
        if re.search(pattern, said, re.IGNORECASE):
            stop(problem, what_to_do)
    stop(otherwise, remedy)


def uv_version(path):
    try:
        said = subprocess.check_output([path, "--version"], universal_newlines=True)
    except (OSError, subprocess.CalledProcessError):
        return (0,)
    found = re.search(r"(\d+)\.(\d+)", said)
    return (int(found.group(1)), int(found.group(2))) if found else (0,)


def find_uv():
    for path in (os.environ.get("LANA_UV"), shutil.which("uv")):
        if path and uv_version(path) >= OLDEST_UV:
            return path
    home = os.path.join(cache_dir(), "uv-" + UV_VERSION)
    path = os.path.join(home, BIN, "uv")
    return path if uv_version(path) >= OLDEST_UV else fetch_uv(home, path)


def fetch_uv(home, path):
    say(f"fetching uv {UV_VERSION}, which installs the rest")
    wanted = ["--quiet", "--disable-pip-version-check", "uv==" + UV_VERSION]
    shutil.rmtree(home, ignore_errors=True)
    status, said = run([sys.executable, "-m", "venv", home])
    if status == 0:
        status, said = run([os.path.join(home, BIN, "python"), "-m", "pip", "install"] + wanted)
    else:
        shutil.rmtree(home, ignore_errors=True)
        status, said = run([sys.executable, "-m", "pip", "install", "--target", home] + wanted)
    if status != 0 or uv_version(path) < OLDEST_UV:
        shutil.rmtree(home, ignore_errors=True)
        explain(
            said,
            "This Python can neither make a virtual environment nor run pip, so uv cannot be fetched.",
            "Install the package python3-venv, or uv itself, then run the same command again.",
        )
    return path


def enough_disk():
    if os.path.isdir(VENV):
        return
    free = shutil.disk_usage(ROOT).free // 2**20
    if free < FIRST_INSTALL_MIB:
        stop(
            f"The disk of {ROOT} has {free} MiB free; the first installation needs {FIRST_INSTALL_MIB}.",
            "Free some space, then run the same command again.",
        )


def sync(uv):
    env = dict(os.environ, UV_PYTHON_DOWNLOADS="never", UV_PROJECT_ENVIRONMENT=VENV)
    env.pop("VIRTUAL_ENV", None)
    if not os.path.exists(os.path.join(VENV, BIN, "python")):
        env["UV_PYTHON"] = sys.executable
    command = [uv, "sync", "--locked", "--all-packages", "--no-progress"]
    checked = subprocess.call(
        command + ["--check"], cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    if checked == 0:
        return
    say("installing the packages of uv.lock into .venv")
    status, said = run(command, env)
    if status != 0:
        explain(said, "uv could not install the packages of uv.lock.", "What uv said stands above.")


def main():
    if sys.version_info < OLDEST_PYTHON:
        stop(
            f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.",
            "Install one, or name it: make PYTHON=/path/to/python3.11 ...",
        )
    if len(sys.argv) < 2:
        stop("No command was given.", "Usage: python3 tools/bootstrap.py PROGRAM [ARGUMENT...]")
    enough_disk()
    sync(find_uv())
    program = os.path.join(VENV, BIN, sys.argv[1])
    if not os.path.exists(program):
        stop(
            f"{sys.argv[1]} is not among the installed packages.",
            "See pyproject.toml, or `make help` for what there is.",
        )
    os.environ["PATH"] = os.path.join(VENV, BIN) + os.pathsep + os.environ.get("PATH", os.defpath)
    os.environ["VIRTUAL_ENV"] = VENV
    sys.stdout.flush()
    os.execv(program, [program] + sys.argv[2:])


if __name__ == "__main__":
    main()
