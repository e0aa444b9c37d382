"""The ticker's contract, against a real HTTP server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from lana.adapters.price_feeds import BitfinexFeed, bitfinex
from lana.core.price import QuoteFailed
from lana.lib.money import MOST_CENTS_OF_A_BITCOIN
from tests.support.price_feed import PATH, Market


@pytest_asyncio.fixture
async def market() -> AsyncIterator[Market]:
    async with Market(60_123_45) as one:
        yield one


@pytest_asyncio.fixture
async def feed(market: Market) -> AsyncIterator[BitfinexFeed]:
    one = BitfinexFeed(market.url)
    yield one
    await one.close()


async def test_the_last_price_is_element_6_exactly(market: Market, feed: BitfinexFeed) -> None:
    assert await feed.last_price() == 60_123_45
    market.price = 1
    assert await feed.last_price() == 1
    assert market.asked == [PATH, PATH]


@pytest.mark.parametrize("last", ["61000", "61000.0", "61000.00", "6.1e4", "6.1E+4"])
def test_a_number_is_read_however_it_is_written(last: str) -> None:
    assert bitfinex.price_in(ticker(last)) == 61_000_00


@pytest.mark.parametrize(
    "last",
    [
        "0", "0.00", "-1", "60000.001", "0.009", "null", "true", '"60000"', "[60000]", "{}", "NaN", "Infinity",
        "1.2.3", "1e18", "1000000000.01", "92233720368547758.07", "9" * 5000, "1e999990", "1e9999999999", "1e-9999999999", "0e99",
    ],
)  # fmt: skip
def test_what_is_no_price_is_a_failure(last: str) -> None:
    with pytest.raises(QuoteFailed):
        bitfinex.price_in(ticker(last))


def test_the_highest_price_is_a_billion_dollars() -> None:
    assert bitfinex.price_in(ticker("1000000000.00")) == MOST_CENTS_OF_A_BITCOIN


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"[1,2,3,4,5,6]", b"{}", b"oops", b"\xff\xfe", b'["error",10020,"x"]', b"[" * 60_000]
)
async def test_an_answer_that_is_no_ticker_is_a_failure(
    market: Market, feed: BitfinexFeed, body: bytes
) -> None:
    market.body = body
    with pytest.raises(QuoteFailed):
        await feed.last_price()


@pytest.mark.parametrize("status", [301, 404, 429, 500, 503])
async def test_an_error_is_a_failure_and_the_next_answer_counts(
    market: Market, feed: BitfinexFeed, status: int
) -> None:
    market.status = status
    with pytest.raises(QuoteFailed, match=str(status)):
        await feed.last_price()
    market.status = 200
    assert await feed.last_price() == 60_123_45


async def test_an_endless_answer_is_cut_off(market: Market, feed: BitfinexFeed) -> None:
    market.body = b"[" + b"1," * bitfinex.MAX_BYTES
    with pytest.raises(QuoteFailed, match="bytes"):
        await feed.last_price()


async def test_a_market_that_does_not_answer_is_not_waited_for(
    market: Market, feed: BitfinexFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bitfinex, "TIMEOUT_SECONDS", 0.05)
    market.hold()
    with pytest.raises(QuoteFailed, match=r"0\.05 s"):
        await feed.last_price()


async def test_an_answer_that_stops_in_the_middle_is_not_waited_for(
    market: Market, feed: BitfinexFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bitfinex, "TIMEOUT_SECONDS", 0.05)
    market.declared_length = 5_000
    with pytest.raises(QuoteFailed, match=r"0\.05 s"):
        await feed.last_price()


async def test_nobody_there_is_a_failure() -> None:
    feed = BitfinexFeed("http://127.0.0.1:1")
    with pytest.raises(QuoteFailed):
        await feed.last_price()
    await feed.close()


def ticker(last: str) -> bytes:
    return f"[1,1,1,1,1,1,{last},1,1,1]".encode()
