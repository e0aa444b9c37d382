"""Time-ordered ids (UUID version 7): new rows land beside each other in every index."""

from __future__ import annotations

from uuid import UUID

from uuid_utils.compat import uuid7

__all__ = ["new_id"]


def new_id() -> UUID:
    """A fresh UUID v7. Called at the edge of a command, never inside an entity."""
    return uuid7()
