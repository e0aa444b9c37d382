"""Words of prices."""

from __future__ import annotations

from enum import StrEnum
from typing import Final
from uuid import UUID

from lana.lib.authz import Resource

PROVIDER = Resource("price", "provider")
PROVIDER_LIST = PROVIDER.action("list")
PROVIDER_CREATE = PROVIDER.action("create")
PROVIDER_UPDATE = PROVIDER.action("update")

PRICE_ID: Final = UUID("5b2b7c0a-8f5e-4d2c-9a51-3f0f3a1c0001")
"""Of the one accepted price."""

PRICE_CHANNEL: Final = "lana_price"
"""PostgreSQL notifies it when the accepted price, or how fresh it is, was committed. A wake-up only: it may
get lost.
"""


class ProviderKind(StrEnum):
    BITFINEX = "bitfinex"
    MANUAL_PRICE = "manual-price"
