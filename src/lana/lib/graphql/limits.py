"""How much one request may ask. Everything here is checked before anything is executed."""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Defaults fit the panels: charts nest 14 deep, lists ask for the page limit."""

    depth_limit: int = 40
    alias_limit: int = 100
    token_limit: int = 10_000
    cost_limit: int = 500_000
    body_bytes: int = 1024 * 1024
    upload_bytes: int = 10 * 1024 * 1024
    upload_types: tuple[str, ...] = ("application/pdf", "image/png", "image/jpeg", "text/csv")
    page_limit: int = 100
    documents_kept: int = 1000
    subscriptions: int = 1000
    subscription_backlog: int = 100
