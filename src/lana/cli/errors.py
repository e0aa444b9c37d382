"""What goes wrong becomes a sentence on standard error and an exit status; a fault keeps its traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

import httpx
import psycopg
from psycopg_pool import PoolTimeout

from lana.cli.output import complain
from lana.lib.config import ConfigError
from lana.lib.crypto import DecryptionFailed, InvalidEncryptionKey, UnknownEncryptionKey
from lana.lib.errors import Refusal

WRONG: Final = 1
BAD_CONFIGURATION: Final = 2
INTERRUPTED: Final = 130


class CommandFailed(Exception):
    """A sentence for the person at the terminal."""


def sentence(error: BaseException) -> str | None:  # noqa: PLR0911 - one answer per kind of error
    """What to say of an error a person can mend; None for a fault."""
    match error:
        case ConfigError():
            return "\n".join(f"configuration: {problem}" for problem in error.problems)
        case InvalidEncryptionKey():
            return f"configuration: {error}; `lana-cli genencryptionkey` prints one"
        case UnknownEncryptionKey():
            return (
                f"a stored secret is encrypted under another key ({error.key_id}): give that key as"
                " --deprecated-encryption-key, or start with it"
            )
        case DecryptionFailed():
            return f"a stored secret was altered: {error}"
        case CommandFailed() | Refusal():
            return str(error)
        case psycopg.errors.UndefinedTable() | psycopg.errors.InvalidSchemaName():
            return "the database is not migrated to this release: `lana-cli migrate`"
        case psycopg.OperationalError() | PoolTimeout():
            return f"PostgreSQL cannot be reached or went away: {' '.join(str(error).split())}"
        case httpx.TransportError():
            return f"no answer: {str(error) or type(error).__name__}"
        case _:
            # the migrations' library wraps the driver's error
            return sentence(error.__cause__) if isinstance(error.__cause__, psycopg.Error) else None


def guarded(call: Callable[[], None]) -> None:
    """Run it; end the process with a sentence for everything a person can mend."""
    try:
        call()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        text = sentence(error)
        if text is None:
            raise
        complain(text)
        sys.exit(BAD_CONFIGURATION if isinstance(error, ConfigError | InvalidEncryptionKey) else WRONG)
