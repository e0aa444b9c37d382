"""A portfolio on the database, moved by its columns, beside the reference model that looks at every loan."""

from __future__ import annotations

import asyncio
import random
from decimal import Decimal

import pytest

from lana.app import App
from lana.core.credit import CollateralizationState as State
from lana.core.credit import Facility
from lana.core.price import PriceStale
from lana.lib.authz import Ctx
from lana.lib.money import UsdCents
from tests.support.lending import BITCOIN, Lender, terms
from tests.support.price_feed import go_by, go_stale
from tests.support.proof import assert_clean, settle
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
