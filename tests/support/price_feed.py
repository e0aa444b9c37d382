"""A market: a real HTTP server that speaks the ticker's contract, and everything else a market may answer.

async with Market(60_000_00) as market:      # config: app.price.bitfinex_url = market.url
    market.price = 59_000_00                  # the next answer
    market.body = b"oops"                     # garbage instead
    market.status = 503                       # an error
    market.hold()                             # no answer until market.release()

`go_by(app, cents)` needs no market: staff say the price, and it is fetched. `go_stale(app, monkeypatch)`: nobody
stands by it any more.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

import pytest

from lana.app import App
from lana.lib.authz import Ctx
from lana.lib.money import UsdCents, usd_of

PATH: Final = "/v2/ticker/tBTCUSD"
STAFF: Final = Ctx.system("test")
START: Final = datetime(2026, 1, 15, tzinfo=UTC)


class World:
    """Real time, moved by the test: `Prices(…, real_now=world.now)`."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def wait(self, **time: float) -> None:
        self.at += timedelta(**time)


class Market:
    def __init__(self, price: int) -> None:
        self.price = price
        self.body: bytes | None = None
        self.status = 200
        self.declared_length: int | None = None
        self.asked: list[str] = []
        self.arrived = asyncio.Event()
        self._open = asyncio.Event()
        self._open.set()
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Market:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.release()
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def hold(self) -> None:
        self._open.clear()

    def release(self) -> None:
        self._open.set()

    def ticker(self) -> bytes:
        last = usd_of(UsdCents(self.price))
        fields = [last, Decimal("12.5"), last, Decimal("9.1"), Decimal("-41.7"), Decimal("-0.0007"), last]
        return f"[{','.join(map(str, fields))},1024.55,61000,58000]".encode()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while request := await reader.readline():
                while (await reader.readline()).strip():
                    pass
                path = request.split()[1].decode()
                self.asked.append(path)
                self.arrived.set()
                await self._open.wait()
                writer.write(self._answer(path))
                await writer.drain()
        except ConnectionError:
            return  # who asked is gone
        finally:
            writer.close()
            self._connections.discard(task)

    def _answer(self, path: str) -> bytes:
        body = self.ticker() if self.body is None else self.body
        status, body = (self.status, body) if path == PATH else (404, b"[]")
        length = len(body) if self.declared_length is None else self.declared_length
        head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        return head.encode() + body


async def go_by(app: App, cents: int) -> None:
    """The bank goes by this price from now on, and it stays fresh. Needs no market, and no worker."""
    await app.commands.run(STAFF, app.price_providers.set_by_hand, UsdCents(cents))
    await app.prices.fetch(app.commands)


async def go_stale(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Staff take their price back and an hour of real time goes by, until `monkeypatch.undo()`."""
    for provider in await app.price_providers.repo.all_by("active", value=True):
        await app.commands.run(STAFF, app.price_providers.deactivate, provider.id)
    real = app.prices._real_now  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(app.prices, "_real_now", lambda: real() + timedelta(hours=1))
