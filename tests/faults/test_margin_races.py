"""Prices that arrive while collateral, payments and disbursals commit, many times over: nobody is missed, and every
state that was ever stored is the one the plain model has at the price it was stored with.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable
from decimal import Decimal

import msgspec
import pytest

from lana.app import App
from lana.core.credit import CollateralizationState as State
from lana.core.credit import Facility
from lana.core.credit.position import Position
from lana.lib.authz import Ctx
from lana.lib.errors import Refusal
from lana.lib.money import Satoshis, UsdCents
from tests.support.lending import BITCOIN, Lender, terms
from tests.support.price_feed import go_by
from tests.support.proof import assert_clean, processing, settle
from tests.unit.core.credit.reference_model import Loan

pytestmark = pytest.mark.asyncio

ROUNDS = 200
SECONDS = 180
LOANS = 3
START = 10_000_000


@pytest.fixture
def lender(app: App, superuser: Ctx) -> Lender:
    return Lender(app, superuser)


async def drawn(lender: Lender) -> Facility:
    """A line of which a part is drawn, against one bitcoin."""
    facility = await lender.active(50_000_000, 7 * BITCOIN, terms(fee="0", months=24, single=False))
    await lender.disburse(facility.id, 5_000_000)
    await settle(lender.app)
    await lender.collateral(facility.collateral_id, BITCOIN)
    return facility


ALLOWED = {"BELOW_MARGIN_LIMIT", "PAYMENT_AMOUNT_GREATER_THAN_OUTSTANDING_OBLIGATIONS"}


async def one_round(lender: Lender, facilities: list[Facility], chance: random.Random) -> None:
    sweep, price = lender.credit.margin_monitor.sweep, chance.randrange(4_000_000, 8_000_000)
    acts: list[Awaitable[object]] = [go_by(lender.app, price), sweep(), sweep()]
    for each in facilities:
        match chance.choice(["collateral", "pay", "disburse", "all"]):
            case "collateral":
                acts.append(moved(lender, each, chance))
            case "pay":
                acts.append(lender.pay(each.id, chance.randrange(1, 30_000)))
            case "disburse":
                acts.append(lender.disburse(each.id, chance.randrange(1, 30_000)))
            case _:
                acts.append(moved(lender, each, chance))
                acts.append(lender.pay(each.id, chance.randrange(1, 30_000)))
                acts.append(lender.disburse(each.id, chance.randrange(1, 30_000)))
    chance.shuffle(acts)
    results = await asyncio.gather(*acts, return_exceptions=True)
    failed = [each for each in results if isinstance(each, BaseException)]
    assert {each.code if isinstance(each, Refusal) else repr(each) for each in failed} <= ALLOWED


async def moved(lender: Lender, facility: Facility, chance: random.Random) -> None:
    await lender.collateral(facility.collateral_id, chance.randrange(70_000_000, 130_000_000))


async def test_prices_beside_collateral_payments_and_disbursals_miss_nobody(lender: Lender) -> None:
    await lender.price(START)
    facilities = [await drawn(lender) for _ in range(LOANS)]
    chance = random.Random(5)
    async with asyncio.timeout(SECONDS), processing(lender.app):
        for _ in range(ROUNDS):
            await one_round(lender, facilities, chance)
    await settle(lender.app)
    swept = await lender.credit.margin_monitor.sweep()
    assert swept.failures == []
    price = await lender.app.prices.peek()
    assert price is not None
    changes = 0
    for each in facilities:
        now = await lender.facility(each.id)
        assert not now.reach.left_by(price.price)
        assert await lender.coins(each.collateral_id) == (now.position.collateral, 0, 0)
        changes += await states_that_the_model_has(lender, now)
    assert changes > ROUNDS
    await assert_clean(lender.app)


async def states_that_the_model_has(lender: Lender, facility: Facility) -> int:
    """Every state stored, replayed by the model at the price it was stored with; answers how many changes."""
    repo = lender.credit.facility_reading.facilities
    loan = Loan(0, 0, Decimal(125), Decimal(105))
    changes = 0
    for event in reversed(await repo.events(facility.id, limit=10_000)):
        match event.event_type:
            case "initialized":
                loan.collateral, loan.state = 7 * BITCOIN, str(event.data["collateralization_state"])
            case "collateralization_ratio_changed":
                position = msgspec.convert(event.data["position"], Position)
                loan.collateral, loan.exposure = position.collateral, position.exposure
            case "collateralization_state_changed":
                before = loan.state
                loan.look(msgspec.convert(event.data["price"], int))
                assert event.data["collateralization_state"] == loan.state != before
                changes += 1
            case _:
                pass
    assert loan.state == facility.collateralization_state
    return changes


async def test_a_price_beside_the_first_collateral_leaves_no_loan_waiting(lender: Lender) -> None:
    """Each loan's collateral arrives at the moment of a price at which it is just enough, or just not."""
    await lender.price(START)
    pendings = [await lender.approved(100_000, terms(fee="0")) for _ in range(20)]
    for number, pending in enumerate(pendings):
        price = START + (number % 3 - 1)
        await asyncio.gather(
            go_by(lender.app, price),
            lender.collateral(pending.collateral_id, 1_250_000),
            lender.credit.margin_monitor.sweep(),
        )
    await lender.price(START - 1)
    for pending in pendings:
        now = await lender.pending(pending.id)
        assert now.cvl(UsdCents(START - 1)) == 124
        assert not now.reach.left_by(UsdCents(START - 1))
    await lender.price(START * 131 // 125)
    for pending in pendings:
        facility = await lender.facility(pending.id)
        assert facility.collateralization_state is State.FULLY_COLLATERALIZED
    await assert_clean(lender.app)


async def test_two_sweeps_at_once_start_one_liquidation_each_for_many(lender: Lender) -> None:
    await lender.price(START)
    facilities = [await lender.active(5_000_000, BITCOIN, terms(fee="0")) for _ in range(8)]
    await go_by(lender.app, 5_200_000)
    sweep = lender.credit.margin_monitor.sweep
    await asyncio.gather(*(sweep() for _ in range(4)))
    rows = await lender.app.db.fetch("select count(*), count(distinct facility_id) from liquidations")
    assert rows == [(8, 8)]
    for each in facilities:
        assert (await lender.secured(each.collateral_id)).liquidation_id is not None
    sent = lender.credit.liquidations.record_sent
    run, first = lender.app.commands.run, facilities[0].collateral_id
    results = await asyncio.gather(
        *(run(lender.ctx, sent, first, Satoshis(30_000_000)) for _ in range(8)), return_exceptions=True
    )
    refused = [each for each in results if isinstance(each, Refusal)]
    assert [each.code for each in refused] == ["AMOUNT_EXCEEDS_COLLATERAL"] * 5
    assert await lender.coins(first) == (10_000_000, 90_000_000, 0)
    await assert_clean(lender.app)
