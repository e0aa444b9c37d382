"""What the portfolio would do at other prices."""

from lana.core.credit.stress.columns import Columns
from lana.core.credit.stress.grid import At, Outlook, stress
from lana.core.credit.stress.service import (
    MAX_PRICES,
    InvalidPrices,
    PortfolioStress,
    PriceRange,
    StressReport,
)

__all__ = [
    "MAX_PRICES",
    "At",
    "Columns",
    "InvalidPrices",
    "Outlook",
    "PortfolioStress",
    "PriceRange",
    "StressReport",
    "stress",
]
