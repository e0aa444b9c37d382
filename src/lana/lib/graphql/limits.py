"""How much one request may ask. Everything here is checked before anything is executed."""

from __future__ import annotations

from typing import Self

import msgspec

from lana.lib.config.model import GraphqlConfig


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Defaults fit the panels: charts nest 14 deep, lists ask for the page limit."""

    depth_limit: int = 40
    alias_limit: int = 100
    token_limit: int = 10_000
    cost_limit: int = 100_000
    body_bytes: int = 1024 * 1024
    page_limit: int = 100
    documents_kept: int = 1000
    subscriptions: int = 1000

    @classmethod
    def of(cls, config: GraphqlConfig) -> Self:
        """The configured limits."""
        return cls(
            depth_limit=config.depth_limit,
            alias_limit=config.alias_limit,
            token_limit=config.token_limit,
            cost_limit=config.cost_limit,
            body_bytes=config.body_limit,
            page_limit=config.page_limit,
            documents_kept=config.document_cache,
        )
