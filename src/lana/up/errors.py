"""Why something could not be started, in a sentence for the person at the terminal."""

from collections.abc import Iterator
from typing import ClassVar, cast


class UpError(Exception):
    """What is wrong, and what to do about it. `code` is for scripts and tests."""

    code: ClassVar[str] = "UP_FAILED"

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}")
        self.problem: str = problem
        self.remedy: str = remedy


class WrongConfiguration(UpError):
    code: ClassVar[str] = "WRONG_CONFIGURATION"


class PortTaken(UpError):
    code: ClassVar[str] = "PORT_TAKEN"


class TooLittleMemory(UpError):
    code: ClassVar[str] = "TOO_LITTLE_MEMORY"


class DiskFull(UpError):
    code: ClassVar[str] = "DISK_FULL"


class NothingRuns(UpError):
    code: ClassVar[str] = "NOTHING_RUNS"


class ToolMissing(UpError):
    code: ClassVar[str] = "TOOL_MISSING"


class DownloadFailed(UpError):
    code: ClassVar[str] = "DOWNLOAD_FAILED"


class DownloadAltered(UpError):
    code: ClassVar[str] = "DOWNLOAD_ALTERED"


class PartFailed(UpError):
    code: ClassVar[str] = "PART_FAILED"


class PostgresFailed(PartFailed):
    code: ClassVar[str] = "POSTGRES_FAILED"


class KeycloakFailed(PartFailed):
    code: ClassVar[str] = "KEYCLOAK_FAILED"


class AlreadyRuns(UpError):
    code: ClassVar[str] = "ALREADY_RUNS"


def disk_full(place: object) -> DiskFull:
    return DiskFull(
        f"The disk that holds {place} is full.",
        "Free some space, then run the same command again: nothing that was committed is lost.",
    )


def leaves(error: Exception) -> Iterator[Exception]:
    """The single errors inside a group, or the error itself."""
    if isinstance(error, ExceptionGroup):
        for inner in cast("ExceptionGroup[Exception]", error).exceptions:
            yield from leaves(inner)
    else:
        yield error
