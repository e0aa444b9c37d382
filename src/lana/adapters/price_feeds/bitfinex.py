"""Bitfinex' public ticker: `GET {base}/v2/ticker/tBTCUSD` answers an array whose element 6 is the last price.

The number is read as a decimal, never as a binary fraction. It must be above 0, have at most two decimals and
be no more than a bitcoin may cost; anything else is no price. The answer is bounded in bytes and in time,
from the first byte to the last. So is the number's text: a short one (`1e999999`) may stand for a million
digits.
"""

from __future__ import annotations

import asyncio
import re
from decimal import Decimal
from http import HTTPStatus
from typing import Final

import httpx
import msgspec

from lana.core.price import QuoteFailed
from lana.lib.errors import Refusal
from lana.lib.money import MOST_CENTS_OF_A_BITCOIN, UsdCents, usd_cents_of, usd_of

LAST_PRICE: Final = 6
TIMEOUT_SECONDS: Final = 5.0
MAX_BYTES: Final = 64 * 1024

_DECODER: Final = msgspec.json.Decoder(list[msgspec.Raw])
_NUMBER: Final = re.compile(rb"[0-9]{1,20}(?:\.[0-9]{1,20})?(?:[eE][+-]?[0-9]{1,2})?")
_MOST: Final = usd_of(MOST_CENTS_OF_A_BITCOIN)


class BitfinexFeed:
    """`base` without its last slash."""

    def __init__(self, base: str) -> None:
        self._url = f"{base.rstrip('/')}/v2/ticker/tBTCUSD"
        self._http = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=False)

    async def close(self) -> None:
        await self._http.aclose()

    async def last_price(self) -> UsdCents:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS), self._http.stream("GET", self._url) as answer:
                if answer.status_code != HTTPStatus.OK:
                    raise QuoteFailed(f"answered {answer.status_code}")
                body = b""
                async for part in answer.aiter_bytes():
                    body += part
                    if len(body) > MAX_BYTES:
                        raise QuoteFailed(f"answered more than {MAX_BYTES} bytes")
        except TimeoutError as error:
            raise QuoteFailed(f"no whole answer within {TIMEOUT_SECONDS} s") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise QuoteFailed(f"{type(error).__name__}: {error}") from error
        return price_in(body)


def price_in(body: bytes) -> UsdCents:
    """QuoteFailed for whatever is no price."""
    try:
        fields = _DECODER.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise QuoteFailed("the answer is no array") from error
    if len(fields) <= LAST_PRICE:
        raise QuoteFailed("the answer has no last price")
    last = bytes(fields[LAST_PRICE])
    if not _NUMBER.fullmatch(last):
        raise QuoteFailed(f"{last[:40]!r} is no price")
    price = Decimal(last.decode())
    if not 0 < price <= _MOST:
        raise QuoteFailed(f"{price} is no price")
    try:
        return usd_cents_of(price)
    except Refusal as refusal:
        raise QuoteFailed(f"{price} is no amount of dollars and cents") from refusal
