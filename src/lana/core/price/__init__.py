"""The price of a bitcoin: its providers, what the bank accepts, and how old it is."""

from lana.core.price.config import AGE_LIMIT_SECONDS, DEVIATION_LIMIT_PCT, SETTINGS
from lana.core.price.errors import AllProvidersFailed, NoActiveProviders, NoPrice, PriceStale
from lana.core.price.port import PriceFeed, QuoteFailed
from lana.core.price.prices import CurrentPrice, Prices
from lana.core.price.provider.entity import BitfinexConfig, ManualPriceConfig, PriceProvider
from lana.core.price.providers import PriceProviders, ensure_providers
from lana.core.price.public import PriceUpdated

__all__ = [
    "AGE_LIMIT_SECONDS",
    "DEVIATION_LIMIT_PCT",
    "SETTINGS",
    "AllProvidersFailed",
    "BitfinexConfig",
    "CurrentPrice",
    "ManualPriceConfig",
    "NoActiveProviders",
    "NoPrice",
    "PriceFeed",
    "PriceProvider",
    "PriceProviders",
    "PriceStale",
    "PriceUpdated",
    "Prices",
    "QuoteFailed",
    "ensure_providers",
]
