"""python -m lana.up up|down|status|cli: the bank on this machine."""

import argparse
import asyncio
import errno
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

from lana.up.config import UpConfig, read_config
from lana.up.errors import PartFailed, UpError, disk_full, leaves
from lana.up.home import Home, State
from lana.up.process import lives, send
from lana.up.screen import Progress, complain

DOWN_SECONDS = 90.0
DETACHED_SECONDS = 1200.0


def up(config: UpConfig, *, detach: bool) -> None:
    home = Home(config.home)
    home.create()
    if not home.lock():
        _already_runs(home)
        return
    if detach:
        home.unlock()
        _up_detached(config, home)
        return
    from lana.up.start import run  # costs a second to import, which `down` and `status` need not pay

    asyncio.run(run(config, home, Progress()))


def down(config: UpConfig) -> None:
    home = Home(config.home)
    state = home.read_state()
    if state is None:
        print("Nothing runs.")
        return
    if not lives(state.supervisor):
        from lana.up.supervisor import stop_orphans

        asyncio.run(stop_orphans(home, Progress()))
        home.forget_state()
        print("Stopped what a killed bank had left.")
        return
    send(state.supervisor, signal.SIGTERM)
    for _ in _until(DOWN_SECONDS):
        if not lives(state.supervisor):
            print("Stopped.")
            return
    raise PartFailed(
        f"The bank (process {state.supervisor.pid}) has not stopped within {DOWN_SECONDS:.0f} s.",
        f"See {config.logs}; `kill -9 {state.supervisor.pid}` loses nothing, the next start goes on.",
    )


def status(config: UpConfig) -> None:
    state = Home(config.home).running_state()
    if state is None:
        print("Nothing runs.")
        sys.exit(3)
    for name, child in state.children.items():
        print(f"  {name:16} process {child.pid:<8} {'runs' if lives(child) else 'is down'}")
    print(state.screen or f"  {state.phase}")


def _already_runs(home: Home) -> None:
    state = home.running_state()
    if state is not None and state.phase == "ready":
        print(f"The bank runs already (process {state.supervisor.pid}); nothing was changed.")
        print(state.screen)
        return
    print(f"The bank is {state.phase if state else 'starting'} already; nothing was changed.")


def _up_detached(config: UpConfig, home: Home) -> None:
    log = home.log("up")
    with log.open("a") as out:
        began = out.tell()
        child = subprocess.Popen(
            [sys.executable, "-m", "lana.up", "up"], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            start_new_session=True,
        )  # fmt: skip
    with log.open() as shown:
        _ = shown.seek(began)
        for _ in _until(DETACHED_SECONDS):
            ended, state = child.poll() is not None, home.running_state()
            sys.stdout.write(shown.read())
            sys.stdout.flush()
            if ended:
                raise PartFailed(
                    "The bank did not start; the reason stands above.", f"All it said is in {log}."
                )
            if _is_ready(state, child.pid):
                return
    raise PartFailed(f"The bank was not ready after {DETACHED_SECONDS:.0f} s.", f"See {log}.")


def _is_ready(state: State | None, pid: int) -> bool:
    return state is not None and state.phase == "ready" and state.supervisor.pid == pid


def _until(seconds: float) -> Iterator[None]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        yield
        time.sleep(0.1)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lana.up", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    starting = commands.add_parser("up", help="start the bank and stay until Ctrl-C")
    _ = starting.add_argument("--detach", action="store_true", help="leave it running and return when ready")
    _ = commands.add_parser("down", help="stop it")
    _ = commands.add_parser("status", help="what runs")
    _ = commands.add_parser("cli", help="lana-cli, spoken to this bank")
    speaking = sys.argv[1:2] == ["cli"]  # what follows is for lana-cli, options too
    given = parser.parse_args(sys.argv[1:2] if speaking else None)
    try:
        config = read_config()
        if given.command == "up":
            up(config, detach=bool(given.detach))
        elif given.command == "down":
            down(config)
        elif given.command == "cli":
            from lana.up.command import cli  # imports the database's driver

            return cli(config, sys.argv[2:])
        else:
            status(config)
    except (UpError, OSError, ExceptionGroup) as error:
        if not _explain(error):
            raise
        return 1
    return 0


def _explain(error: Exception) -> bool:
    """Prints a sentence for each thing that went wrong; False if there is one without a sentence."""
    understood = [_sentence(leaf) for leaf in leaves(error)]
    for sentence in understood:
        if sentence is not None:
            complain(sentence.problem, sentence.remedy)
    return None not in understood


def _sentence(error: Exception) -> UpError | None:
    if isinstance(error, UpError):
        return error
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return disk_full(error.filename or "the bank's home")
    return None


if __name__ == "__main__":
    sys.exit(main())
