"""What went wrong with the database, by class and SQLSTATE, never by `connection.closed`, which may still say
False.
"""

from __future__ import annotations

import psycopg

# too many connections; a session that sat idle in a transaction, or took too long for one
_ENDED = frozenset({"53300", "25P03", "25P04"})
_NO_ROOM = ("53", "58")


def is_lost(error: BaseException | None) -> bool:
    """The connection is gone, could not be had, or the server is ending it. What it was asked may have been
    done.
    """
    if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return False
    state = error.sqlstate or ""
    return not state or state[:2] == "08" or state[:4] == "57P0" or state in _ENDED


def has_no_room(error: BaseException | None) -> bool:
    """The server is out of disk, memory or another resource, and did nothing of what it was asked."""
    return isinstance(error, psycopg.Error) and not is_lost(error) and (error.sqlstate or "")[:2] in _NO_ROOM
