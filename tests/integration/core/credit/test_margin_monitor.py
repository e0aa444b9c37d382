"""A portfolio on the database, moved by its columns, beside the reference model that looks at every loan."""

from __future__ import annotations

import asyncio
import random
from decimal import Decimal
from uuid import UUID

import pytest

from lana.app import App
from lana.core.credit import CollateralizationState as State
from lana.core.credit import Facility, PendingFacility, Swept, margin_monitor
from lana.core.credit.margin_monitor import Scan
from lana.core.price import PriceStale
from lana.core.price.quotes import Quote
from lana.lib.authz import Ctx
from lana.lib.es.op import Op
from lana.lib.money import UsdCents
from lana.lib.telemetry import REGISTRY
from tests.support.lending import BITCOIN, Lender, terms
from tests.support.price_feed import World, go_by, go_stale
from tests.support.proof import assert_clean, no_effect, settle
from tests.unit.core.credit.reference_model import Book, Loan, Waiting

pytestmark = pytest.mark.asyncio

START = 7_000_000


@pytest.fixture
def lender(app: App, superuser: Ctx) -> Lender:
    return Lender(app, superuser)


async def portfolio(lender: Lender, count: int) -> tuple[list[Facility], Book]:
    """Loans of 5,000,000 against a bitcoin and more, each with its twin in the model."""
    await lender.price(START)
    facilities = [
        await lender.active(5_000_000, BITCOIN + number * 1_500_000, terms(fee="0"))
        for number in range(count)
    ]
    twins: list[Loan | Waiting] = [
        Loan(each.position.collateral, each.position.exposure, Decimal(125), Decimal(105))
        for each in facilities
    ]
    book = Book(twins, START)
    book.tick(START)
    return facilities, book


async def states(lender: Lender, facilities: list[Facility]) -> list[str]:
    found = await lender.credit.facility_reading.facilities.peek_many([each.id for each in facilities])
    return [found[each.id].collateralization_state.value for each in facilities]


async def test_a_path_of_prices_moves_the_portfolio_as_the_model_does(lender: Lender) -> None:
    facilities, book = await portfolio(lender, 12)
    chance = random.Random(7)
    path = [6_249_999, 6_250_000, 5_249_999, 1, 6_549_999, 6_550_000, 40, 9_999_999]
    path += [chance.randrange(3_000_000, 8_000_000) for _ in range(30)]
    for price in path:
        await lender.price(price)
        book.tick(price)
        assert await states(lender, facilities) == [loan.state for loan in book.loans], price
    await assert_clean(lender.app)


async def test_loans_that_wait_are_moved_and_activated_as_in_the_model(lender: Lender) -> None:
    """One full at a price is activated with it, and goes on as a facility."""
    await lender.price(START)
    pendings = [await lender.approved(5_000_000, terms(fee="0")) for _ in range(6)]
    waiting: list[Loan | Waiting] = [Waiting(0, 5_000_000, Decimal(125), Decimal(105)) for _ in pendings]
    book = Book(waiting, START)
    chance = random.Random(3)
    for _ in range(30):
        price = chance.choice([book.price, chance.randrange(3_000_000, 8_000_000), chance.randrange(1, 50)])
        await lender.price(price)
        book.tick(price)
        await activated_in(lender, pendings, book)
        number, coins = chance.randrange(6), chance.randrange(2 * BITCOIN)
        await lender.collateral(pendings[number].collateral_id, coins)
        book.change(number, coins, 5_000_000)
        await lender.credit.margin_monitor.sweep()
        await settle(lender.app)
        await activated_in(lender, pendings, book)
    assert any(isinstance(loan, Loan) for loan in book.loans)
    await assert_clean(lender.app)


async def activated_in(lender: Lender, pendings: list[PendingFacility], book: Book) -> None:
    """The model activates what is full; then both have the same states."""
    for number, loan in enumerate(book.loans):
        if isinstance(loan, Waiting) and loan.state == State.FULLY_COLLATERALIZED:
            book.loans[number] = loan.activated(book.price)
    ids = [each.id for each in pendings]
    active = await lender.credit.facility_reading.facilities.peek_many(ids)
    waiting = await lender.credit.proposal_reading.pendings.peek_many(ids)
    found = [(active.get(each) or waiting[each]).collateralization_state.value for each in ids]
    assert found == [loan.state for loan in book.loans]


async def test_a_tick_while_collateral_and_payments_commit_misses_nobody(lender: Lender) -> None:
    """Whatever order they come in, at the end each state is the one its position has at the last price."""
    facilities, _ = await portfolio(lender, 6)
    for each in facilities:
        account = each.disbursal_credit_account_id
        await lender.app.commands.run(lender.ctx, lender.app.deposits.record_deposit, account, 900_000)
    chance = random.Random(11)
    for round_ in range(25):
        price = chance.randrange(4_000_000, 8_000_000)
        acts = [lender.price(price)]
        for each in facilities:
            held = (await lender.facility(each.id)).position.collateral
            if chance.random() < 0.5:
                acts.append(lender.collateral(each.collateral_id, held + chance.randrange(1, 9_000_000)))
            else:
                acts.append(_paid(lender, each))
        await asyncio.gather(*acts)
        swept = await lender.credit.margin_monitor.sweep()
        assert swept.failures == []
        for each in facilities:
            now = await lender.facility(each.id)
            assert not now.reach.left_by(await _price(lender)), (round_, now.collateralization_state)
    await assert_clean(lender.app)


async def _paid(lender: Lender, facility: Facility) -> None:
    await lender.pay(facility.id, 100)


async def _price(lender: Lender) -> UsdCents:
    price = await lender.app.prices.peek()
    assert price is not None
    return price.price


async def test_with_a_stale_price_no_liquidation_starts_and_one_starts_with_the_next(
    lender: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lender.price(START)
    facility = await lender.active(5_000_000, BITCOIN, terms(fee="0"))
    await go_by(lender.app, 5_200_000)
    await go_stale(lender.app, monkeypatch)
    await lender.credit.margin_monitor.sweep()
    under = await lender.facility(facility.id)
    assert under.collateralization_state is State.UNDER_LIQUIDATION_THRESHOLD
    assert under.liquidation is None
    with pytest.raises(PriceStale):
        await lender.collateral(under.collateral_id, BITCOIN - 1)
    monkeypatch.undo()
    await lender.price(5_190_000)
    assert (await lender.facility(facility.id)).liquidation is not None


async def test_what_waits_for_activation_is_activated_at_the_next_fresh_price(
    lender: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lender.price(10_000_000)
    pending = await lender.approved(100_000)
    await go_stale(lender.app, monkeypatch)
    await lender.collateral(pending.collateral_id, 1_400_000)
    await settle(lender.app)
    assert (await lender.pending(pending.id)).awaits_activation
    monkeypatch.undo()
    await lender.price(10_000_001)
    assert (await lender.facility(pending.id)).status.value == "active"


# --- a price that is fresh again ------------------------------------------------------------------------------------


@pytest.fixture
def world(lender: Lender, monkeypatch: pytest.MonkeyPatch) -> World:
    """Real time as prices see it."""
    world = World()
    monkeypatch.setattr(lender.app.prices, "_real_now", world.now)
    return world


async def quoted(lender: Lender, world: World, cents: int) -> None:
    """A market says so, and is believed."""
    quote = Quote(provider="bitfinex", price=UsdCents(cents))
    await lender.app.commands.run(Ctx.system("test"), lender.app.prices.record, [quote], world.at)


@pytest.mark.parametrize("is_seen", [True, False], ids=["a sweep saw it stale", "no sweep saw it stale"])
async def test_the_same_price_fresh_again_lets_go_on_at_once_what_waited(
    lender: Lender, world: World, is_seen: bool
) -> None:
    monitor, values = lender.credit.margin_monitor, terms(fee="0", months=24, single=False)
    await quoted(lender, world, 10_000_000)
    line = await lender.active(1_000_000, 20_000_000, values)
    pending = await lender.approved(100_000)
    await monitor.sweep()
    world.wait(seconds=301)
    disbursal = await lender.disburse(line.id, 1_000_000)
    await lender.collateral(pending.collateral_id, 1_400_000)
    await settle(lender.app)
    if is_seen:
        await monitor.sweep()
    assert (await lender.pending(pending.id)).is_waiting
    await quoted(lender, world, 10_000_000)
    await monitor.sweep()
    assert not (await lender.pending(pending.id)).is_waiting
    found = await lender.credit.facility_reading.disbursals.peek_many([disbursal.id])
    assert found[disbursal.id].status.value == "confirmed"


async def test_a_price_fresh_again_by_another_age_limit_lets_go_on_what_waited(
    lender: Lender, world: World
) -> None:
    monitor = lender.credit.margin_monitor
    await quoted(lender, world, 10_000_000)
    pending = await lender.approved(100_000)
    await monitor.sweep()
    world.wait(seconds=301)
    await lender.collateral(pending.collateral_id, 1_400_000)
    await settle(lender.app)
    await monitor.sweep()
    verb = lender.app.domain_configs.set_by_key
    await lender.app.commands.run(Ctx.system("test"), verb, "price-age-limit-seconds", 3_600)
    await lender.app.settings.refresh()
    await monitor.sweep()
    assert not (await lender.pending(pending.id)).is_waiting


async def test_a_crowd_gone_through_while_the_price_went_stale_is_gone_through_anew(
    lender: Lender, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Turns of one: the first of two becomes full after its turn, at a stale price."""
    monitor = lender.credit.margin_monitor
    for queue in monitor._waiting:  # pyright: ignore[reportPrivateUsage]
        queue.sql = queue.sql.replace("limit 100", "limit 1")
    monkeypatch.setattr(margin_monitor, "WAITING", 1)
    await quoted(lender, world, 10_000_000)
    late, frozen, other = [await lender.approved(100_000) for _ in range(3)]
    world.wait(seconds=301)
    for each in (frozen, other):
        await lender.collateral(each.collateral_id, 1_400_000)
        freeze = lender.app.deposit_accounts.freeze_account
        await lender.app.commands.run(lender.ctx, freeze, each.disbursal_credit_account_id)
    await settle(lender.app)
    await quoted(lender, world, 10_000_000)
    assert (await monitor.sweep()).more
    world.wait(seconds=301)
    await lender.collateral(late.collateral_id, 1_400_000)
    await settle(lender.app)
    await quoted(lender, world, 10_000_000)
    turns = [(await monitor.sweep()).more for _ in range(6)]
    assert turns == [True, True, True, True, True, False]
    assert not (await lender.pending(late.id)).is_waiting
    assert (await lender.pending(other.id)).is_waiting


async def test_what_something_else_stopped_is_tried_again_after_a_while_only(
    lender: Lender, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fetch of the same price, fresh all the time, is no reason; neither is a sweep."""
    monitor = lender.credit.margin_monitor
    await quoted(lender, world, 10_000_000)
    pending = await lender.approved(100_000)
    freeze, thaw = lender.app.deposit_accounts.freeze_account, lender.app.deposit_accounts.unfreeze_account
    await lender.app.commands.run(lender.ctx, freeze, pending.disbursal_credit_account_id)
    await lender.collateral(pending.collateral_id, 1_400_000)
    await settle(lender.app)
    await monitor.sweep()
    await lender.app.commands.run(lender.ctx, thaw, pending.disbursal_credit_account_id)
    for _ in range(8):
        world.wait(seconds=60)
        await quoted(lender, world, 10_000_000)
        await monitor.sweep()
    assert (await lender.pending(pending.id)).is_waiting
    monkeypatch.setattr(margin_monitor, "AGAIN_SECONDS", 0.0)
    await monitor.sweep()
    assert not (await lender.pending(pending.id)).is_waiting


# --- what cannot be done stops nobody ---------------------------------------------------------------------------


async def test_one_that_cannot_be_moved_stands_alone_and_the_others_go_on(
    lender: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    facilities, book = await portfolio(lender, 7)
    monitor, broken = lender.credit.margin_monitor, facilities[3].id
    margins = monitor._margins  # pyright: ignore[reportPrivateUsage]
    look = margins.look

    async def fail(op: Op, facility: Facility) -> None:
        if facility.id == broken:
            raise RuntimeError("boom")
        await look(op, facility)

    counted = REGISTRY.get_sample_value("lana_margin_failures_total") or 0
    monkeypatch.setattr(margins, "look", fail)
    await go_by(lender.app, 5_000_000)
    swept = await monitor.sweep()
    # once for leaving its range; it does not even come to waiting for a liquidation
    assert swept.failures == [f"{broken}: RuntimeError: boom"]
    assert REGISTRY.get_sample_value("lana_margin_failures_total") == counted + 1
    book.tick(5_000_000)
    found = await states(lender, facilities)
    assert found[3] == State.FULLY_COLLATERALIZED
    assert [*found[:3], *found[4:]] == [loan.state for n, loan in enumerate(book.loans) if n != 3]
    monkeypatch.undo()
    assert (await monitor.sweep()).failures == []
    assert await states(lender, facilities) == [loan.state for loan in book.loans]
    await assert_clean(lender.app)


async def test_pages_follow_each_other_until_nobody_is_left(
    lender: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages of two, up and down; of those that share a price too."""
    facilities, book = await portfolio(lender, 7)
    for each in facilities[:4]:
        await lender.collateral(each.collateral_id, BITCOIN)
    for number in range(4):
        book.change(number, BITCOIN, 5_000_000)
    for name in ("FACILITIES", "PENDINGS"):
        scans = getattr(margin_monitor, name)
        smaller = tuple(Scan(scan.sql.replace("limit 500", "limit 2"), scan.start) for scan in scans)
        monkeypatch.setattr(margin_monitor, name, smaller)
    for price in (5_000_000, 9_000_000, 6_000_000, 4_000_000, 9_000_000):
        await go_by(lender.app, price)
        swept = await lender.credit.margin_monitor.sweep()
        book.tick(price)
        assert await states(lender, facilities) == [loan.state for loan in book.loans]
        assert swept.facilities >= 1


async def test_a_sweep_broken_off_after_a_page_is_gone_on_with(
    lender: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    facilities, book = await portfolio(lender, 6)
    monitor = lender.credit.margin_monitor
    smaller = tuple(
        Scan(scan.sql.replace("limit 500", "limit 2"), scan.start) for scan in margin_monitor.FACILITIES
    )
    monkeypatch.setattr(margin_monitor, "FACILITIES", smaller)
    page, pages = monitor._page, 0  # pyright: ignore[reportPrivateUsage]

    async def killed(ids: list[UUID], look: margin_monitor.Look, swept: Swept) -> None:
        nonlocal pages
        pages += 1
        if pages == 2:
            raise asyncio.CancelledError
        await page(ids, look, swept)

    await go_by(lender.app, 5_000_000)
    book.tick(5_000_000)
    with monkeypatch.context() as patched:
        patched.setattr(monitor, "_page", killed)
        with pytest.raises(asyncio.CancelledError):
            await monitor.sweep()
    wanted = [loan.state for loan in book.loans]
    assert sum(a == b for a, b in zip(await states(lender, facilities), wanted, strict=True)) == 2
    assert (await monitor.sweep()).facilities == 4
    assert await states(lender, facilities) == wanted
    await assert_clean(lender.app)


async def test_where_nobody_is_concerned_a_sweep_leaves_nothing(lender: Lender) -> None:
    await portfolio(lender, 2)
    await lender.price(START - 1)
    async with no_effect(lender.app.db):
        swept = await lender.credit.margin_monitor.sweep()
    assert (swept.facilities, swept.pendings, swept.failures) == (0, 0, [])


async def test_without_a_price_nobody_moves(app: App) -> None:
    async with no_effect(app.db):
        swept = await app.credit.margin_monitor.sweep()
    assert (swept.facilities, swept.pendings) == (0, 0)


async def test_a_crowd_that_cannot_be_activated_hides_nobody_behind_it(
    lender: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two accounts are frozen; with turns of one, the third loan is activated in the third."""
    await lender.price(10_000_000)
    pendings = [await lender.approved(100_000) for _ in range(3)]
    await go_stale(lender.app, monkeypatch)
    for pending in pendings:
        await lender.collateral(pending.collateral_id, 1_400_000)
    await settle(lender.app)
    monkeypatch.undo()
    for pending in pendings[:2]:
        freeze = lender.app.deposit_accounts.freeze_account
        await lender.app.commands.run(lender.ctx, freeze, pending.disbursal_credit_account_id)
    monitor = lender.credit.margin_monitor
    monkeypatch.setattr(margin_monitor, "WAITING", 1)
    for queue in monitor._waiting:  # pyright: ignore[reportPrivateUsage]
        queue.sql = queue.sql.replace("limit 100", "limit 1")
    await go_by(lender.app, 10_000_001)
    for _ in range(3):
        assert (await lender.pending(pendings[2].id)).is_waiting
        assert (await monitor.sweep()).failures == []
    assert not (await lender.pending(pendings[2].id)).is_waiting
    assert (await lender.pending(pendings[0].id)).is_waiting
    # an account that takes money again is found at the next price
    thaw = lender.app.deposit_accounts.unfreeze_account
    await lender.app.commands.run(lender.ctx, thaw, pendings[0].disbursal_credit_account_id)
    await go_by(lender.app, 10_000_002)
    for _ in range(3):
        await monitor.sweep()
    assert not (await lender.pending(pendings[0].id)).is_waiting


async def test_an_approved_disbursal_waits_for_a_fresh_price_and_is_looked_at_again(
    lender: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lender.price(10_000_000)
    values = terms(fee="0", months=24, single=False)
    paid, refused = [await lender.active(1_000_000, 20_000_000, values) for _ in range(2)]
    await go_stale(lender.app, monkeypatch)
    made = [await lender.disburse(each.id, 1_000_000) for each in (paid, refused)]
    await settle(lender.app)
    reading = lender.credit.facility_reading
    assert {
        each.status.value for each in (await reading.disbursals.peek_many([d.id for d in made])).values()
    } == {"new"}
    await lender.collateral(paid.collateral_id, 30_000_000)
    monkeypatch.undo()
    # 5,000,000: 30,000,000 satoshis are 150 % of it, 20,000,000 are 100 %
    await lender.price(5_000_000)
    found = await reading.disbursals.peek_many([each.id for each in made])
    assert [found[each.id].status.value for each in made] == ["confirmed", "denied"]
    assert (await lender.balance(refused.id))["remaining"] == 1_000_000
    await assert_clean(lender.app)
