"""How a fetch becomes the price, and who is decided again because of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
import pytest_asyncio

from lana.adapters.price_feeds import BitfinexFeed
from lana.app import App
from lana.core.price import (
    AllProvidersFailed,
    CurrentPrice,
    Interval,
    NoActiveProviders,
    PriceFeed,
    PriceProvider,
    PriceProviders,
    Prices,
    PriceStale,
    PriceUpdated,
    ProviderKind,
    WindowTooWide,
    ensure_providers,
)
from lana.core.price.primitives import PRICE_ID
from lana.core.price.quotes import Quote
from lana.lib.authz import Authorizer, Ctx
from lana.lib.es.commands import Commands
from lana.lib.es.op import Op
from lana.lib.money import UsdCents
from lana.lib.outbox.event import decode
from lana.lib.pg.database import Database
from lana.lib.pg.page import Page
from lana.processes.price_fetch import PriceFetch
from tests.support.configured import Configured
from tests.support.price_feed import STAFF, START, Market, World, go_by


@pytest_asyncio.fixture
async def market() -> AsyncIterator[Market]:
    async with Market(60_000_00) as one:
        yield one


async def is_fresh(prices: Prices) -> bool:
    found = await prices.peek()
    return found is not None and found.fresh


@pytest.fixture
def world() -> World:
    return World()


@pytest_asyncio.fixture
async def prices(app: App, market: Market, world: World) -> AsyncIterator[Prices]:
    feed = BitfinexFeed(market.url)
    yield Prices(app.db, app.settings, {ProviderKind.BITFINEX: feed}, real_now=world.now)
    await feed.close()


async def provider(app: App, kind: ProviderKind) -> PriceProvider:
    found = await app.prices.providers.maybe_by("provider", kind.value)
    assert found is not None
    return found


async def switch_off(app: App, kind: ProviderKind) -> None:
    await app.commands.run(STAFF, app.price_providers.deactivate, (await provider(app, kind)).id)


async def told(app: App) -> list[int]:
    """Prices published, oldest first."""
    rows = await app.db.fetch("select payload from outbox order by sequence")
    events = [decode(bytes(row[0]) if not isinstance(row[0], str) else row[0].encode()) for row in rows]
    return [event.price for event in events if isinstance(event, PriceUpdated)]


async def test_every_bank_begins_with_two_providers_however_many_processes_start(app: App) -> None:
    await asyncio.gather(*(ensure_providers(app.commands, app.price_providers) for _ in range(5)))
    listed = (await app.price_providers.list(STAFF, Page(10))).items
    assert {(p.name, p.provider.value, p.active, p.manual_price) for p in listed} == {
        ("Bitfinex", "bitfinex", True, None),
        ("Manual Price", "manual-price", False, None),
    }
    assert await app.prices.peek() is None


async def test_a_new_bank_begins_once_though_its_processes_race(db: Database, commands: Commands) -> None:
    prices = Prices(db, Configured(db).settings, {})
    providers = PriceProviders(db, Authorizer(), prices)
    await asyncio.gather(*(ensure_providers(commands, providers) for _ in range(8)))
    assert len((await providers.list(STAFF, Page(10))).items) == 2
    assert [e.event_type for e in await prices.repo.events(PRICE_ID, limit=9)] == ["initialized"]


async def test_a_fetch_makes_the_price_told_and_remembered(app: App, prices: Prices, market: Market) -> None:
    assert await prices.fetch(app.commands)
    assert await prices.peek() == CurrentPrice(UsdCents(60_000_00), fresh=True)
    market.price = 61_000_00
    await prices.fetch(app.commands)
    assert await told(app) == [60_000_00, 61_000_00]
    history = await prices.repo.events(PRICE_ID, limit=10)
    assert [event.event_type for event in history] == ["accepted", "accepted", "initialized"]


async def test_the_same_price_again_is_fresher_and_no_event(app: App, prices: Prices, world: World) -> None:
    await prices.fetch(app.commands)
    world.wait(seconds=299)
    await prices.fetch(app.commands)
    world.wait(seconds=299)
    assert await told(app) == [60_000_00]
    assert await prices.peek() == CurrentPrice(UsdCents(60_000_00), fresh=True)


async def test_a_price_is_stale_after_the_age_limit_in_real_time_and_still_shown(
    app: App, prices: Prices, world: World
) -> None:
    with pytest.raises(PriceStale):
        await app.commands.run(STAFF, prices.require_fresh)
    await prices.fetch(app.commands)
    world.wait(seconds=300)
    assert await app.commands.run(STAFF, prices.require_fresh) == 60_000_00
    world.wait(seconds=1)
    with pytest.raises(PriceStale) as refused:
        await app.commands.run(STAFF, prices.require_fresh)
    assert (refused.value.code, refused.value.kind) == ("PRICE_STALE", "UNAVAILABLE")
    assert await prices.peek() == CurrentPrice(UsdCents(60_000_00), fresh=False)
    await prices.fetch(app.commands)
    assert await app.commands.run(STAFF, prices.require_fresh) == 60_000_00


async def test_a_jump_is_shown_and_not_acted_upon_until_the_price_is_stale(
    app: App, prices: Prices, market: Market, world: World
) -> None:
    await prices.fetch(app.commands)
    world.wait(seconds=60)
    for market.price in (600_000_00, 600_00):
        assert not await prices.fetch(app.commands)
    seen = await prices.see()
    assert seen is not None
    assert (seen.price, seen.fresh, seen.status.rejected_price) == (60_000_00, True, 600_00)
    assert (seen.status.fetched_at, seen.status.rejected_at) == (START, world.at)
    world.wait(seconds=241)
    assert not await is_fresh(prices)
    market.price = 59_000_00
    await prices.fetch(app.commands)
    seen = await prices.see()
    assert seen is not None
    assert (seen.price, seen.fresh, seen.status.rejected_price) == (59_000_00, True, None)
    assert await told(app) == [60_000_00, 59_000_00]


async def test_what_staff_say_is_accepted_at_once_and_the_feed_near_it_again(
    app: App, prices: Prices, market: Market
) -> None:
    await prices.fetch(app.commands)
    market.price = 30_000_00
    await app.commands.run(STAFF, app.price_providers.set_by_hand, UsdCents(20_000_00))
    await prices.fetch(app.commands)
    seen = await prices.see()
    assert seen is not None
    assert (seen.price, seen.status.rejected_price) == (20_000_00, 30_000_00)
    await app.commands.run(STAFF, app.price_providers.set_by_hand, UsdCents(29_000_00))
    await switch_off(app, ProviderKind.MANUAL_PRICE)
    await app.commands.run(STAFF, app.price_providers.set_by_hand, UsdCents(29_500_00))
    await prices.fetch(app.commands)
    assert await prices.peek() == CurrentPrice(UsdCents(30_000_00), fresh=True)


async def test_what_staff_say_does_not_age_while_it_stands(app: App, prices: Prices, world: World) -> None:
    await switch_off(app, ProviderKind.BITFINEX)
    await app.commands.run(STAFF, app.price_providers.set_by_hand, UsdCents(50_000_00))
    await prices.fetch(app.commands)
    world.wait(days=3650)
    assert await app.commands.run(STAFF, prices.require_fresh) == 50_000_00


@pytest.mark.parametrize("how", ["switched off", "said to be nothing"])
async def test_what_staff_say_no_longer_begins_to_age(
    app: App, market: Market, world: World, how: str
) -> None:
    feed = BitfinexFeed(market.url)
    prices = app.prices
    prices._real_now = world.now
    await go_by(app, 50_000_00)
    world.wait(days=1)
    if how == "switched off":
        await switch_off(app, ProviderKind.MANUAL_PRICE)
    else:
        await app.commands.run(STAFF, app.price_providers.set_by_hand, UsdCents(0))
    assert await is_fresh(prices)
    world.wait(seconds=301)
    assert await prices.peek() == CurrentPrice(UsdCents(50_000_00), fresh=False)
    with pytest.raises(AllProvidersFailed):
        await prices.fetch(app.commands)
    await feed.close()


async def test_without_an_answer_the_price_stays(app: App, prices: Prices, market: Market) -> None:
    await prices.fetch(app.commands)
    market.status = 500
    with pytest.raises(AllProvidersFailed):
        await prices.fetch(app.commands)
    market.status, market.body = 200, b"[0]"
    with pytest.raises(AllProvidersFailed):
        await prices.fetch(app.commands)
    await switch_off(app, ProviderKind.BITFINEX)
    with pytest.raises(NoActiveProviders):
        await prices.fetch(app.commands)
    assert await prices.peek() == CurrentPrice(UsdCents(60_000_00), fresh=True)


async def test_a_feed_at_fault_does_not_silence_the_others(app: App, world: World) -> None:
    class Broken:
        async def last_price(self) -> UsdCents:
            raise ZeroDivisionError

    feeds: dict[ProviderKind, PriceFeed] = {ProviderKind.BITFINEX: Broken()}
    prices = Prices(app.db, app.settings, feeds, real_now=world.now)
    await app.commands.run(STAFF, app.price_providers.set_by_hand, UsdCents(5))
    assert await prices.fetch(app.commands)
    assert await prices.peek() == CurrentPrice(UsdCents(5), fresh=True)


async def test_a_provider_switched_off_while_it_is_asked_is_not_heard(
    app: App, prices: Prices, market: Market
) -> None:
    market.hold()
    fetching = asyncio.create_task(prices.fetch(app.commands))
    await market.arrived.wait()
    await switch_off(app, ProviderKind.BITFINEX)
    market.release()
    with pytest.raises(NoActiveProviders):
        await fetching
    assert await prices.peek() is None


@pytest.mark.parametrize("first", [True, False])
async def test_who_decided_at_an_older_price_or_at_none_decides_again(
    app: App, prices: Prices, market: Market, first: bool
) -> None:
    if not first:
        await prices.fetch(app.commands)
        market.price = 61_000_00
    seen: list[CurrentPrice | None] = []

    async def decide(op: Op) -> None:
        seen.append(await prices.current(op))
        if len(seen) == 1:
            await prices.fetch(app.commands)

    await app.commands.run(STAFF, decide)
    assert [one and one.price for one in seen] == [None if first else 60_000_00, market.price]


async def test_a_fetch_of_the_same_price_disturbs_no_decision(app: App, prices: Prices) -> None:
    await prices.fetch(app.commands)
    runs: list[int] = []

    async def decide(op: Op) -> None:
        runs.append(1)
        await prices.require_fresh(op)
        await prices.fetch(app.commands)

    await app.commands.run(STAFF, decide)
    assert len(runs) == 1


async def test_many_who_want_the_price_share_a_statement(app: App, prices: Prices) -> None:
    await prices.fetch(app.commands)
    before = app.db.statements
    ops = [app.commands.new_op(STAFF) for _ in range(50)]
    found = await asyncio.gather(*(prices.current(op) for op in ops))
    assert {one and one.fresh for one in found} == {True}
    assert app.db.statements - before == 1


async def test_fetches_that_race_leave_one_price_with_its_whole_history(app: App, prices: Prices) -> None:
    def fetch(cents: int) -> Callable[[], object]:
        quote = Quote(provider="bitfinex", price=UsdCents(cents))
        return lambda: app.commands.run(Ctx.system("price"), prices.record, [quote], START)

    await asyncio.gather(*(fetch(60_000_00 + n)() for n in range(20)))  # pyright: ignore[reportArgumentType]
    rows = await app.db.fetch("select price from price_history order by version")
    assert [row[0] for row in rows] == await told(app)
    assert len(rows) == 20
    assert await prices.peek() == CurrentPrice(rows[-1][0], fresh=True)


async def test_of_several_workers_one_fetches_in_a_minute(app: App, prices: Prices, market: Market) -> None:
    workers = [PriceFetch(app.db, app.commands, prices) for _ in range(5)]
    assert sorted(await asyncio.gather(*(worker.look() for worker in workers))) == [False] * 4 + [True]
    assert len(market.asked) == 1
    await app.db.fetch("update price_turn set taken_at = taken_at - interval '61 s' returning 1")
    market.status = 500
    assert await workers[0].look()
    assert await prices.peek() is not None


async def test_the_history_is_what_was_in_force_at_each_instant(app: App, prices: Prices) -> None:
    at = app.bank_time.now()
    rows = [
        (2, at - timedelta(hours=5), 10),
        (3, at - timedelta(hours=3), 20),
        (4, at - timedelta(hours=3), 30),
    ]
    for version, when, cents in rows:
        await app.db.fetch(
            "insert into price_history values (%b::int8, %b::timestamptz, %b::timestamptz, %b::int8) returning 1",
            [version, when, when, cents],
        )
    history = app.price_history
    since = at - timedelta(hours=6)
    points = await history.between(since, at + timedelta(days=9), Interval.HOUR)
    assert [point.price for point in points] == [10, 10, 30, 30, 30, 30]
    assert points[0].at == at - timedelta(hours=5)
    assert await history.between(at, since, Interval.HOUR) == []


async def test_a_window_too_wide_is_refused_with_the_end_of_one_that_is_not(app: App, prices: Prices) -> None:
    """So that who asks goes on from there."""
    await prices.fetch(app.commands)
    now = app.bank_time.now()
    since, minute = now - timedelta(days=2), timedelta(minutes=1)
    last = since + 1_999 * minute
    with pytest.raises(WindowTooWide, match=re.escape(f"until {last.isoformat()}")):
        await app.price_history.between(since, last + minute, Interval.MINUTE)
    assert await app.price_history.between(since, last, Interval.MINUTE) == []
    (point,) = await app.price_history.between(last + minute, now, Interval.MINUTE)
    assert (point.at, point.price) == (now, 60_000_00)


async def test_latest_price_is_asked_live_and_only_while_active(
    app: App, prices: Prices, market: Market
) -> None:
    bitfinex = await provider(app, ProviderKind.BITFINEX)
    market.price = 123_45
    assert await prices.latest_of(bitfinex) == 123_45
    market.status = 500
    assert await prices.latest_of(bitfinex) is None
    market.status = 200
    await switch_off(app, ProviderKind.BITFINEX)
    assert await prices.latest_of(await provider(app, ProviderKind.BITFINEX)) is None
    assert len(market.asked) == 2
