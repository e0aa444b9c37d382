"""Starts parts, watches them, starts again what died, stops everything in reverse.

Each child is a session of its own, so that Ctrl-C reaches the supervisor alone, which then stops them in
order. Their identities are in the home's state before they are waited for: if the supervisor is killed,
the next one finds and stops them. A part that dies is started again after 1, 2, 4 … 30 s; one that has
died `MOST_DEATHS` times without living `LONG_LIFE_SECONDS` in between ends the bank with a sentence.
"""

import asyncio
import shutil
import signal
import time
from collections.abc import Callable

from lana.up.errors import PartFailed, UpError, disk_full
from lana.up.home import Home, State
from lana.up.keycloak_files import LEAST_FREE_BYTES
from lana.up.part import Part
from lana.up.process import Identity, end, identify, lives, until
from lana.up.words import last_words

MOST_DEATHS = 8
LONG_LIFE_SECONDS = 120.0
LONGEST_PAUSE_SECONDS = 30.0


class Supervisor:
    def __init__(self, home: Home, state: State, say: Callable[[str], None]) -> None:
        self._home: Home = home
        self._state: State = state
        self._say: Callable[[str], None] = say
        self._parts: list[Part] = []
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._watchers: dict[str, asyncio.Task[None]] = {}

    async def start(self, part: Part) -> None:
        """Returns when the part is ready, and watches it from then on. Raises PartFailed."""
        began = time.monotonic()
        await self._spawn(part)
        self._parts.append(part)
        await self._wait_ready(part)
        self._watchers[part.name] = asyncio.create_task(self._watch(part), name=part.name)
        self._say(f"{part.title} is ready ({time.monotonic() - began:.1f} s)")

    async def run_once(self, part: Part) -> None:
        """A step that ends by itself; raises PartFailed unless it ends well."""
        began = time.monotonic()
        process = await self._spawn(part)
        try:
            async with asyncio.timeout(part.start_seconds):
                status = await process.wait()
        except TimeoutError:
            status = -1
        await self._end(part)
        if status != 0:
            raise self._failure(part, f"ended with status {status}")
        self._say(f"{part.title} done ({time.monotonic() - began:.1f} s)")

    async def watch(self) -> None:
        """Until a part is given up, which raises PartFailed."""
        done, _ = await asyncio.wait(self._watchers.values(), return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def stop(self) -> None:
        for task in self._watchers.values():
            _ = task.cancel()
        _ = await asyncio.gather(*self._watchers.values(), return_exceptions=True)
        for part in reversed(self._parts):
            by_itself = await self._end(part)
            self._say(f"{part.title} stopped" if by_itself else f"{part.title} had to be killed")
        for orphan in list(self._state.children.values()):
            _ = await end(orphan, signal.SIGTERM, seconds=10)

    async def _spawn(self, part: Part) -> asyncio.subprocess.Process:
        owner = part.owner
        with self._home.log(part.name).open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *part.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=part.cwd,
                env=dict(part.env),
                start_new_session=True,
                user=None if owner is None else owner.pw_uid,
                group=None if owner is None else owner.pw_gid,
                extra_groups=None if owner is None else [],
            )
        self._processes[part.name] = process
        found = identify(process.pid)
        if found is not None:
            self._remember(part.name, found)
        return process

    async def _wait_ready(self, part: Part) -> None:
        process = self._processes[part.name]

        async def ready_or_dead() -> bool:
            return process.returncode is not None or await part.ready()

        in_time = await until(ready_or_dead, seconds=part.start_seconds)
        if process.returncode is not None:
            raise self._failure(part, f"ended with status {process.returncode} while starting")
        if not in_time:
            raise self._failure(part, f"was not ready after {part.start_seconds:.0f} s")

    async def _watch(self, part: Part) -> None:
        deaths = 0
        while True:
            born = time.monotonic()
            status = await self._processes[part.name].wait()
            if shutil.disk_usage(self._home.path).free < LEAST_FREE_BYTES:
                raise disk_full(self._home.path)
            deaths = 1 if time.monotonic() - born > LONG_LIFE_SECONDS else deaths + 1
            if deaths > MOST_DEATHS:
                raise self._failure(part, f"died {deaths} times, last with status {status}")
            pause = min(2.0 ** (deaths - 1), LONGEST_PAUSE_SECONDS)
            self._say(f"{part.title} died (status {status}); starting it again in {pause:.0f} s")
            await asyncio.sleep(pause)
            _ = await self._spawn(part)
            try:
                await self._wait_ready(part)
                self._say(f"{part.title} is back")
            except PartFailed as failure:
                self._say(failure.problem)
                _ = await self._end(part)

    async def _end(self, part: Part) -> bool:
        process = self._processes.get(part.name)
        if process is None:
            return True
        by_itself = True
        known = self._state.children.get(part.name)
        if process.returncode is None and known is not None:
            by_itself = await end(known, part.stop_signal, seconds=part.stop_seconds)
        _ = await process.wait()
        self._forget(part.name)
        return by_itself

    def _remember(self, name: str, process: Identity) -> None:
        self._state.children[name] = process
        self._home.write_state(self._state)

    def _forget(self, name: str) -> None:
        if self._state.children.pop(name, None) is not None:
            self._home.note_state(self._state)

    def _failure(self, part: Part, what: str) -> UpError:
        log = self._home.path / "logs" / f"{part.name}.log"
        if shutil.disk_usage(self._home.path).free < LEAST_FREE_BYTES:
            return disk_full(self._home.path)
        return PartFailed(f"{part.title} {what}: {last_words(log)}", f"Its log is {log}.")


async def stop_orphans(home: Home, say: Callable[[str], None]) -> None:
    """Stops what a supervisor that was killed left behind; what it stored stays."""
    state = home.read_state()
    if state is None:
        return
    for name in reversed(state.children):
        orphan = state.children[name]
        if lives(orphan):
            say(f"stopping {name} (process {orphan.pid}), left over from a bank that was killed")
            _ = await end(orphan, signal.SIGINT if name == "postgres" else signal.SIGTERM, seconds=30)
