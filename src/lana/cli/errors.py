"""What goes wrong becomes a sentence on standard error and an exit status; a fault keeps its traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

import httpx
import psycopg

from lana.cli.output import complain
from lana.lib.config import ConfigError
from lana.lib.crypto import DecryptionFailed, InvalidEncryptionKey, UnknownEncryptionKey
from lana.lib.errors import Refusal

WRONG: Final = 1
BAD_CONFIGURATION: Final = 2


class CommandFailed(Exception):
    """A sentence for the person at the terminal."""


def guarded(call: Callable[[], None]) -> None:
    """Run it; end the process with a sentence for everything a person can mend."""
    try:
        call()
    except ConfigError as error:
        for problem in error.problems:
            complain(f"configuration: {problem}")
        sys.exit(BAD_CONFIGURATION)
    except InvalidEncryptionKey as error:
        complain(f"configuration: {error}; `lana-cli genencryptionkey` prints one")
        sys.exit(BAD_CONFIGURATION)
    except UnknownEncryptionKey as error:
        complain(
            f"a stored secret is encrypted under another key ({error.key_id}): give that key as"
            " --deprecated-encryption-key, or start with it"
        )
    except DecryptionFailed as error:
        complain(f"a stored secret was altered: {error}")
    except (CommandFailed, Refusal) as error:
        complain(str(error))
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        complain("the database is not migrated to this release: `lana-cli migrate`")
    except psycopg.OperationalError as error:
        complain(f"PostgreSQL cannot be reached or went away: {' '.join(str(error).split())}")
    except httpx.TransportError as error:
        complain(f"no answer: {str(error) or type(error).__name__}")
    except KeyboardInterrupt:
        sys.exit(130)
    else:
        return
    sys.exit(WRONG)
