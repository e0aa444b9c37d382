"""A sale from a wallet, told from two sides in any order: what the wallet shows, and what staff records as sent."""

from __future__ import annotations

import asyncio
from itertools import permutations

import pytest

from cala_ledger import Direction
from lana.app import App
from lana.core.credit import CollateralizationState as State
from lana.core.credit import Facility, chart
from lana.core.credit.collateral.errors import AmountExceedsCollateral
from lana.core.credit.history import CollateralChanged, CollateralSentOut
from lana.core.credit.primitives import CollateralDirection
from lana.core.credit.public import CollateralUpdated
from lana.lib.authz import Ctx
from lana.lib.money import Satoshis, UsdCents
from lana.lib.outbox.event import decode
from tests.support.custodian import make_vault
from tests.support.lending import BITCOIN, Lender, terms
from tests.support.proof import assert_clean, no_effect

pytestmark = pytest.mark.asyncio

WHOLE, SOLD, LEFT = 5_000_000, 86_538_462, 13_461_538
MORE = 1_000
ADD, REMOVE = CollateralDirection.ADD, CollateralDirection.REMOVE


class Seller(Lender):
    """Sells coins of loans whose wallets are watched."""

    async def under(self) -> Facility:
        """The worked example's loan, at the price that starts its liquidation."""
        await self.price(7_000_000)
        pending = await self.approved(WHOLE, terms(fee="0"))
        await self.shows(pending.collateral_id, BITCOIN)
        await self.price(5_200_000)
        return await self.facility(pending.id)

    async def sent(self, facility: Facility, satoshis: int) -> None:
        verb = self.credit.liquidations.record_sent
        await self.app.commands.run(self.ctx, verb, facility.collateral_id, Satoshis(satoshis))

    async def proceeds(self, facility: Facility, cents: int) -> None:
        verb = self.credit.liquidations.record_proceeds
        await self.app.commands.run(self.ctx, verb, facility.collateral_id, UsdCents(cents))

    async def liquidations(self, facility: Facility) -> list[bool]:
        """Which of them are completed."""
        find = self.credit.collateral_reading.find_many_liquidations_by_facility
        return [each.completed for each in (await find(self.ctx, [facility.id]))[facility.id]]

    async def taken_in(self) -> int:
        """What the omnibus has."""
        found = await self.app.books.balances.now([chart.COLLATERAL_OMNIBUS])
        return found[chart.COLLATERAL_OMNIBUS]["BTC"].settled.net(Direction.DEBIT)

    async def known(self, facility: Facility) -> tuple[int, int, int]:
        """The total, what is in transit, what left and was not recorded."""
        held = await self.secured(facility.collateral_id)
        return held.amount, held.in_transit, held.left_unrecorded

    async def updates(self, facility: Facility) -> list[tuple[int, CollateralDirection, int]]:
        """What was published: the total, and the change that led to it."""
        rows = await self.app.db.fetch("select payload from outbox order by sequence")
        found = [event for (payload,) in rows if isinstance(event := decode(payload), CollateralUpdated)]
        return [
            (each.amount, each.adjustment.direction, each.adjustment.abs_diff)
            for each in found
            if each.secured_loan_id == facility.id and each.adjustment is not None
        ]


@pytest.fixture
async def seller(app: App, superuser: Ctx) -> Seller:
    return Seller(app, superuser, await make_vault(app, superuser))


async def test_coins_that_leave_before_they_are_recorded_are_sold_like_the_worked_example_s(
    seller: Seller,
) -> None:
    """26.3, in the order in which it happens: the wallet is empty by them before anybody writes it down."""
    facility = await seller.under()
    await seller.shows(facility.collateral_id, LEFT)
    assert await seller.coins(facility.collateral_id) == (LEFT, 0, 0)
    await seller.sent(facility, SOLD)
    assert await seller.coins(facility.collateral_id) == (LEFT, SOLD, 0)
    assert await seller.known(facility) == (LEFT, 0, 0)
    assert await seller.taken_in() == BITCOIN
    await seller.proceeds(facility, 4_500_000)
    now = await seller.facility(facility.id)
    assert (now.collateralization_state, now.liquidation) == (State.FULLY_COLLATERALIZED, None)
    assert (now.position.collateral, now.position.cvl(UsdCents(5_200_000))) == (LEFT, 139)
    await seller.shows(facility.collateral_id, LEFT)
    assert await seller.coins(facility.collateral_id) == (LEFT, 0, SOLD)
    await assert_clean(seller.app)


async def test_the_removal_and_its_reversal_are_published_and_told(seller: Seller) -> None:
    facility = await seller.under()
    await seller.shows(facility.collateral_id, 60_000_000)
    await seller.sent(facility, 50_000_000)
    assert await seller.updates(facility) == [
        (100_000_000, ADD, 100_000_000),
        (60_000_000, REMOVE, 40_000_000),
        (100_000_000, ADD, 40_000_000),
        (50_000_000, REMOVE, 50_000_000),
    ]
    assert await seller.known(facility) == (50_000_000, 10_000_000, 0)
    told = [
        each.told.satoshis if isinstance(each.told, CollateralChanged) else each.told.amount
        for each in await seller.told(facility.id)
        if isinstance(each.told, CollateralChanged | CollateralSentOut)
    ]
    assert sorted(told) == [40_000_000, 40_000_000, 50_000_000, 50_000_000, 100_000_000]
    await assert_clean(seller.app)


async def test_no_more_is_sent_than_is_there_and_left(seller: Seller) -> None:
    facility = await seller.under()
    await seller.shows(facility.collateral_id, LEFT)
    async with no_effect(seller.app.db):
        with pytest.raises(AmountExceedsCollateral):
            await seller.sent(facility, BITCOIN + 1)
    await seller.sent(facility, BITCOIN)
    assert await seller.known(facility) == (0, LEFT, 0)


STEPS = {"half leaves": -SOLD // 2, "the rest leaves": -SOLD // 2, "recorded": 0, "more comes in": MORE}


async def test_in_whatever_order_it_is_told_a_sale_ends_the_same(seller: Seller) -> None:
    """Proceeds come any time after the coins were recorded."""
    facilities: list[Facility] = []
    for order in permutations((*STEPS, "sold")):
        if order.index("recorded") > order.index("sold"):
            continue
        facility = await seller.under()
        facilities.append(facility)
        wallet = int(BITCOIN)
        for step in order:
            if step == "recorded":
                await seller.sent(facility, SOLD)
            elif step == "sold":
                await seller.proceeds(facility, 4_500_000)
            else:
                wallet += STEPS[step]
                await seller.shows(facility.collateral_id, wallet)
            held, in_transit, _ = await seller.known(facility)
            assert held == wallet - in_transit, order
        assert await seller.known(facility) == (LEFT + MORE, 0, 0), order
        assert await seller.coins(facility.collateral_id) == (LEFT + MORE, 0, SOLD), order
        assert await seller.liquidations(facility) == [True], order
    assert await seller.taken_in() == len(facilities) * (BITCOIN + MORE)
    await assert_clean(seller.app)


async def test_told_from_both_sides_at_once_a_sale_is_counted_once(seller: Seller) -> None:
    for _ in range(6):
        facility = await seller.under()
        await asyncio.gather(seller.shows(facility.collateral_id, LEFT), seller.sent(facility, SOLD))
        assert await seller.known(facility) == (LEFT, 0, 0)
        assert await seller.coins(facility.collateral_id) == (LEFT, SOLD, 0)
    await assert_clean(seller.app)
