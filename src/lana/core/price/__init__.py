"""The price of a bitcoin: its providers, what the bank accepts, and how old it is."""

from lana.core.price.accepted.entity import Status
from lana.core.price.config import AGE_LIMIT_SECONDS, DEVIATION_LIMIT_PCT, SETTINGS
from lana.core.price.errors import (
    AllProvidersFailed,
    InvalidProviderConfig,
    NoActiveProviders,
    NoPrice,
    PriceStale,
    WindowTooWide,
)
from lana.core.price.history import Interval, PriceHistory, PricePoint
from lana.core.price.port import PriceFeed, QuoteFailed
from lana.core.price.prices import CurrentPrice, Prices, SeenPrice
from lana.core.price.primitives import PRICE_CHANNEL, ProviderKind
from lana.core.price.provider.entity import (
    BitfinexConfig,
    ManualPriceConfig,
    PriceProvider,
    ProviderConfig,
)
from lana.core.price.providers import PriceProviders, ensure_providers
from lana.core.price.public import PriceUpdated

__all__ = [
    "AGE_LIMIT_SECONDS",
    "DEVIATION_LIMIT_PCT",
    "PRICE_CHANNEL",
    "SETTINGS",
    "AllProvidersFailed",
    "BitfinexConfig",
    "CurrentPrice",
    "Interval",
    "InvalidProviderConfig",
    "ManualPriceConfig",
    "NoActiveProviders",
    "NoPrice",
    "PriceFeed",
    "PriceHistory",
    "PricePoint",
    "PriceProvider",
    "PriceProviders",
    "PriceStale",
    "PriceUpdated",
    "Prices",
    "ProviderConfig",
    "ProviderKind",
    "QuoteFailed",
    "SeenPrice",
    "Status",
    "WindowTooWide",
    "ensure_providers",
]
