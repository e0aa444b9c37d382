"""Markets that tell the price of a bitcoin."""

from lana.adapters.price_feeds.bitfinex import BitfinexFeed

__all__ = ["BitfinexFeed"]
