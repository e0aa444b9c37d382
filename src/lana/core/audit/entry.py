"""One entry of the log, and what entries can be asked by."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec


class AuditEntry(msgspec.Struct, frozen=True):
    """`object` ends in `/*` when several ids are covered; `recorded_at` is wall time,
    not the bank's clock.
    """

    id: int
    subject: str
    object: str
    action: str
    authorized: bool
    object_ids: tuple[UUID, ...]
    client_address: str | None
    request_id: str | None
    idempotency_key: str | None
    recorded_at: datetime


class AuditFilter(msgspec.Struct, frozen=True):
    """Equal to, all of those given."""

    subject: str | None = None
    object: str | None = None
    action: str | None = None
    authorized: bool | None = None
