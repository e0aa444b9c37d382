"""What other domains hear of prices."""

from __future__ import annotations

from datetime import datetime

from lana.lib.money import UsdCents
from lana.lib.outbox import PublicEvent


class PriceUpdated(PublicEvent, frozen=True):
    """Another price is accepted: US cents of one bitcoin."""

    module = "Price"
    flat = True
    price: UsdCents
    timestamp: datetime
