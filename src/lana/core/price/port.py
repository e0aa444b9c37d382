"""What a source of prices does for the bank."""

from __future__ import annotations

from typing import Protocol

from lana.lib.money import UsdCents


class QuoteFailed(Exception):
    """No price from this source now: no answer, or one that is no price."""


class PriceFeed(Protocol):
    """A market's last price."""

    async def last_price(self) -> UsdCents:
        """US cents of one bitcoin, above 0, at most `MOST_CENTS_OF_A_BITCOIN`. Bounded in time.
        QuoteFailed.
        """
        ...
