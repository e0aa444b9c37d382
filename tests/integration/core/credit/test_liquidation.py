"""Liquidations from the price that starts one to the proceeds applied: figures of the worked example, tranches,
caps, cancelling, surplus, starting again.
"""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from cala_ledger import Direction
from lana.app import App
from lana.core.credit import CollateralizationState as State
from lana.core.credit import Facility, FacilityStatus, Liquidation
from lana.core.credit.collateral.errors import (
    AmountExceedsCollateral,
    AmountIsZero,
    LiquidationNotCancellable,
    LiquidationNotFound,
    NoActiveLiquidation,
    NothingSentToLiquidation,
)
from lana.core.credit.facility.errors import CollateralInLiquidation, OutstandingAmount
from lana.lib.authz import Ctx
from lana.lib.ids import new_id
from lana.lib.money import Satoshis, UsdCents
from tests.support.lending import BITCOIN, Lender, terms
from tests.support.price_feed import go_by, go_stale
from tests.support.proof import assert_clean, no_effect

pytestmark = pytest.mark.asyncio

WHOLE = 5_000_000


class Liquidator(Lender):
    """Acts on liquidations, by the loan's collateral."""

    async def sent(self, facility: Facility, satoshis: int) -> None:
        verb = self.credit.liquidations.record_sent
        await self.app.commands.run(self.ctx, verb, facility.collateral_id, Satoshis(satoshis))

    async def proceeds(self, facility: Facility, cents: int, *, completes: bool = True) -> None:
        verb = self.credit.liquidations.record_proceeds
        given = UsdCents(cents)
        await self.app.commands.run(self.ctx, verb, facility.collateral_id, given, completes=completes)

    async def cancel(self, liquidation_id: UUID) -> Liquidation:
        return await self.app.commands.run(self.ctx, self.credit.liquidations.cancel, liquidation_id)

    async def all_of(self, facility: Facility) -> list[Liquidation]:
        """Oldest first."""
        find = self.credit.collateral_reading.find_many_liquidations_by_facility
        return list(reversed((await find(self.ctx, [facility.id]))[facility.id]))

    async def net(self, account_id: UUID) -> int:
        found = (await self.app.books.balances.now([account_id]))[account_id]
        return found["USD"].settled.net(Direction.CREDIT) if "USD" in found else 0

    async def proceeds_held(self, facility: Facility) -> tuple[int, int]:
        """In the proceeds account and in the holding account."""
        ids = facility.account_ids
        return (
            await self.net(ids.facility_proceeds_from_liquidation_account_id),
            await self.net(ids.facility_payment_holding_account_id),
        )

    async def published(self) -> list[str]:
        sql = "select type from outbox where position('Liquidation' in type) > 0 order by sequence"
        return [row[0] for row in await self.app.db.fetch(sql)]

    async def under(self, price: int = 5_200_000) -> Facility:
        """The worked example's loan, at a price that starts its liquidation."""
        await self.price(7_000_000)
        facility = await self.active(WHOLE, BITCOIN, terms(fee="0"))
        await self.price(price)
        return await self.facility(facility.id)


@pytest.fixture
def lender(app: App, superuser: Ctx) -> Liquidator:
    return Liquidator(app, superuser)


async def test_the_worked_example_step_by_step(lender: Liquidator) -> None:
    """26.3."""
    facility = await lender.under()
    assert facility.collateralization_state is State.UNDER_LIQUIDATION_THRESHOLD
    (started,) = await lender.all_of(facility)
    assert facility.liquidation is not None
    assert facility.liquidation.liquidation_id == started.id
    assert (started.trigger_price, started.expected_to_receive) == (5_200_000, 4_500_000)
    assert started.initially_estimated_to_liquidate == 86_538_462
    calculated = await lender.credit.liquidations.calculate(
        lender.ctx, started.id, UsdCents(WHOLE), to_receive=UsdCents(4_000_000), target_cvl=None, to_liquidate=Satoshis(80_000_000)
    )  # fmt: skip
    assert calculated.target_cvl == 104

    await lender.sent(facility, 86_538_462)
    now = await lender.facility(facility.id)
    assert now.position.cvl(UsdCents(5_200_000)) == 13
    assert now.collateralization_state is State.UNDER_LIQUIDATION_THRESHOLD
    assert await lender.coins(facility.collateral_id) == (13_461_538, 86_538_462, 0)
    assert (await lender.balance(facility.id))["disbursed"] == WHOLE

    await lender.proceeds(facility, 4_500_000)
    now = await lender.facility(facility.id)
    assert (now.collateralization_state, now.liquidation) == (State.FULLY_COLLATERALIZED, None)
    assert now.position.cvl(UsdCents(5_200_000)) == 139
    assert await lender.coins(facility.collateral_id) == (13_461_538, 0, 86_538_462)
    balance = await lender.balance(facility.id)
    assert (balance["disbursed"], balance["uncovered"], balance["unapplied"]) == (500_000, 500_000, 0)
    assert await lender.proceeds_held(facility) == (0, 0)
    assert await lender.held(facility.disbursal_credit_account_id) == WHOLE
    (ended,) = await lender.all_of(facility)
    assert (ended.completed, ended.cancelled) == (True, False)
    assert (ended.sent_total, ended.amount_received) == (86_538_462, 4_500_000)
    await assert_clean(lender.app)


async def test_what_happens_is_published_and_told(lender: Liquidator) -> None:
    facility = await lender.under()
    await lender.sent(facility, 86_538_462)
    await lender.proceeds(facility, 4_500_000)
    assert await lender.published() == [
        "PartialLiquidationInitiated",
        "LiquidationCollateralSentOut",
        "LiquidationProceedsReceived",
        "LiquidationCompleted",
    ]
    kinds = [str(entry.told.__struct_config__.tag) for entry in await lender.told(facility.id)]
    after_activation = kinds[kinds.index("disbursal_executed") + 1 :]
    assert sorted(after_activation) == sorted(
        [
            "collateralization_updated",  # by the price
            "collateral_updated",
            "collateral_sent_out",
            "repayment_amount_received",
            "incremental_payment",
            "collateralization_updated",  # by the payment
        ]
    )


async def test_a_loan_under_its_threshold_has_one_liquidation_however_often_prices_move(
    lender: Liquidator,
) -> None:
    facility = await lender.under()
    for price in (5_199_999, 6_000_000, 5_000_000, 6_600_000, 5_100_000):
        await lender.price(price)
    assert len(await lender.all_of(facility)) == 1


async def test_the_worked_example_of_thresholds_on_the_database(lender: Liquidator) -> None:
    """26.4: at the last price the liquidation stays open although nothing is under any threshold."""
    await lender.price(7_000_000)
    facility = await lender.active(WHOLE, BITCOIN, terms(fee="0"))
    margin, full = State.UNDER_MARGIN_CALL_THRESHOLD, State.FULLY_COLLATERALIZED
    path = [
        (7_000_000, full), (6_250_000, full), (6_249_999, margin), (6_500_000, margin), (6_549_999, margin),
        (6_550_000, full), (5_250_000, margin), (5_249_999, State.UNDER_LIQUIDATION_THRESHOLD), (6_250_000, full),
    ]  # fmt: skip
    for price, state in path:
        assert not await lender.all_of(facility) or price in (5_249_999, 6_250_000)
        await lender.price(price)
        assert (await lender.facility(facility.id)).collateralization_state is state, price
    (still,) = await lender.all_of(facility)
    assert (still.trigger_price, still.completed) == (5_249_999, False)


# --- refusals ---------------------------------------------------------------------------------------------------


async def test_without_a_liquidation_nothing_is_sent_or_received(lender: Liquidator) -> None:
    await lender.price(7_000_000)
    facility = await lender.active(WHOLE, BITCOIN, terms(fee="0"))
    async with no_effect(lender.app.db):
        with pytest.raises(NoActiveLiquidation):
            await lender.sent(facility, 1)
        with pytest.raises(NoActiveLiquidation):
            await lender.proceeds(facility, 1)


async def test_what_is_not_there_is_not_sent_and_what_was_not_sent_brings_nothing(lender: Liquidator) -> None:
    facility = await lender.under()
    async with no_effect(lender.app.db):
        with pytest.raises(AmountExceedsCollateral):
            await lender.sent(facility, BITCOIN + 1)
        with pytest.raises(NothingSentToLiquidation):
            await lender.proceeds(facility, 1)
        with pytest.raises(AmountIsZero):
            await lender.proceeds(facility, 0)
        await lender.sent(facility, 0)
    await lender.sent(facility, BITCOIN)
    with pytest.raises(AmountExceedsCollateral):
        await lender.sent(facility, 1)


# --- tranches ---------------------------------------------------------------------------------------------------


async def test_tranches_book_what_was_sent_since_the_last_one(lender: Liquidator) -> None:
    facility = await lender.under()
    await lender.sent(facility, 40_000_000)
    await lender.proceeds(facility, 2_000_000, completes=False)
    assert await lender.coins(facility.collateral_id) == (60_000_000, 0, 40_000_000)
    await lender.sent(facility, 20_000_000)
    await lender.sent(facility, 10_000_000)
    await lender.proceeds(facility, 1_500_000, completes=False)
    assert await lender.coins(facility.collateral_id) == (30_000_000, 0, 70_000_000)
    # the rest of the price of coins booked already, and the end
    await lender.proceeds(facility, 300_000)
    assert await lender.coins(facility.collateral_id) == (30_000_000, 0, 70_000_000)
    assert await lender.proceeds_held(facility) == (0, 0)
    assert (await lender.balance(facility.id))["disbursed"] == WHOLE - 3_800_000
    (ended,) = await lender.all_of(facility)
    assert [each.amount for each in ended.received] == [2_000_000, 1_500_000, 300_000]
    assert ended.completed
    with pytest.raises(NoActiveLiquidation):
        await lender.proceeds(facility, 1)
    await assert_clean(lender.app)


async def test_between_tranches_no_other_liquidation_starts(lender: Liquidator) -> None:
    facility = await lender.under()
    await lender.sent(facility, 40_000_000)
    await lender.proceeds(facility, 100_000, completes=False)
    await lender.price(4_000_000)
    now = await lender.facility(facility.id)
    assert now.collateralization_state is State.UNDER_LIQUIDATION_THRESHOLD
    assert len(await lender.all_of(facility)) == 1


async def test_after_the_last_tranche_nothing_more_ends_it(lender: Liquidator) -> None:
    facility = await lender.under()
    await lender.sent(facility, 86_538_462)
    await lender.proceeds(facility, 4_400_000, completes=False)
    await lender.sent(facility, 1)
    async with no_effect(lender.app.db):
        with pytest.raises(AmountIsZero):
            await lender.proceeds(facility, 0)  # a coin is out
    await lender.proceeds(facility, 100_000, completes=False)
    async with no_effect(lender.app.db):
        with pytest.raises(AmountIsZero):
            await lender.proceeds(facility, 0, completes=False)
    sql = "select count(*) from cala.transactions"
    before = await lender.app.db.fetch(sql)
    await lender.proceeds(facility, 0)
    assert await lender.app.db.fetch(sql) == before
    (ended,) = await lender.all_of(facility)
    assert (ended.completed, ended.cancelled, ended.amount_received) == (True, False, 4_500_000)
    assert (await lender.published()).count("LiquidationCompleted") == 1
    assert (await lender.facility(facility.id)).liquidation is None
    with pytest.raises(NoActiveLiquidation):
        await lender.proceeds(facility, 0)
    await assert_clean(lender.app)


# --- starting again ---------------------------------------------------------------------------------------------


async def test_still_under_its_threshold_after_the_proceeds_another_starts_at_once(
    lender: Liquidator,
) -> None:
    facility = await lender.under()
    await lender.sent(facility, 50_000_000)
    await lender.proceeds(facility, 2_500_000)
    first, second = await lender.all_of(facility)
    assert (first.completed, second.completed) == (True, False)
    now = await lender.facility(facility.id)
    assert now.liquidation is not None
    assert now.liquidation.liquidation_id == second.id
    # 2,500,000 owed, 50,000,000 satoshis worth 2,600,000: (2,500,000 · 1.4 - 2,600,000) / 0.4
    assert (second.expected_to_receive, second.initially_estimated_to_liquidate) == (2_250_000, 43_269_231)
    assert (await lender.secured(facility.collateral_id)).liquidation_id == second.id
    await lender.sent(facility, 43_269_231)
    await lender.proceeds(facility, 2_250_000)
    assert (await lender.facility(facility.id)).collateralization_state is State.FULLY_COLLATERALIZED
    assert len(await lender.all_of(facility)) == 2
    await assert_clean(lender.app)


async def test_also_where_the_first_one_is_ended_without_more_proceeds(lender: Liquidator) -> None:
    facility = await lender.under()
    await lender.sent(facility, 50_000_000)
    await lender.proceeds(facility, 2_500_000, completes=False)
    await lender.proceeds(facility, 0)
    assert [each.completed for each in await lender.all_of(facility)] == [True, False]
    await assert_clean(lender.app)


async def test_the_estimate_is_at_most_what_is_held(lender: Liquidator) -> None:
    facility = await lender.under(3_000_000)
    (started,) = await lender.all_of(facility)
    assert (started.expected_to_receive, started.initially_estimated_to_liquidate) == (10_000_000, BITCOIN)


async def test_with_a_stale_price_the_next_one_waits_for_a_fresh_one(
    lender: Liquidator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proceeds are applied whatever the price's age."""
    facility = await lender.under()
    await lender.sent(facility, 50_000_000)
    await go_stale(lender.app, monkeypatch)
    await lender.proceeds(facility, 2_500_000)
    await lender.credit.margin_monitor.sweep()
    waiting = await lender.facility(facility.id)
    assert (waiting.liquidation, waiting.awaits_liquidation) == (None, True)
    assert len(await lender.all_of(facility)) == 1
    monkeypatch.undo()
    await lender.price(5_200_000)
    assert len(await lender.all_of(facility)) == 2
    await assert_clean(lender.app)


# --- surplus ----------------------------------------------------------------------------------------------------


async def test_what_is_more_than_is_owed_is_the_customer_s(lender: Liquidator) -> None:
    facility = await lender.under()
    await lender.sent(facility, BITCOIN)
    await lender.proceeds(facility, WHOLE + 123_456)
    balance = await lender.balance(facility.id)
    assert (balance["disbursed"], balance["uncovered"], balance["unapplied"]) == (0, 0, 0)
    assert await lender.held(facility.disbursal_credit_account_id) == WHOLE + 123_456
    assert await lender.proceeds_held(facility) == (0, 0)
    assert (await lender.facility(facility.id)).collateralization_state is State.NO_COLLATERAL
    assert (await lender.complete(facility.id)).status is FacilityStatus.CLOSED
    await assert_clean(lender.app)


async def test_proceeds_that_come_after_the_loan_was_paid_are_the_customer_s(lender: Liquidator) -> None:
    """And it is not over before: they would have nowhere to go."""
    facility = await lender.under()
    await lender.sent(facility, 1_000_000)
    await lender.pay(facility.id, WHOLE)
    async with no_effect(lender.app.db):
        with pytest.raises(CollateralInLiquidation, match="1000000 satoshis"):
            await lender.complete(facility.id)
    await lender.proceeds(facility, 50_000)
    assert (await lender.complete(facility.id)).status is FacilityStatus.CLOSED
    assert await lender.held(facility.disbursal_credit_account_id) == 50_000
    assert await lender.proceeds_held(facility) == (0, 0)
    (ended,) = await lender.all_of(facility)
    assert (ended.completed, ended.cancelled) == (True, False)
    await assert_clean(lender.app)


# --- with the loan ----------------------------------------------------------------------------------------------


async def test_one_of_which_nothing_was_sent_is_cancelled_with_its_loan(lender: Liquidator) -> None:
    """Also under the threshold a moment before: nothing is owed any more."""
    facility = await lender.under()
    await lender.pay(facility.id, WHOLE)
    closed = await lender.complete(facility.id)
    assert (closed.status, closed.liquidation) == (FacilityStatus.CLOSED, None)
    (ended,) = await lender.all_of(facility)
    assert (ended.completed, ended.cancelled) == (True, True)
    assert (await lender.secured(facility.collateral_id)).liquidation_id is None
    with pytest.raises(NoActiveLiquidation):
        await lender.sent(facility, 1)
    async with no_effect(lender.app.db):
        assert (await lender.cancel(ended.id)).cancelled
    assert "LiquidationCompleted" not in await lender.published()
    await assert_clean(lender.app)


async def test_one_whose_tranches_are_all_booked_is_completed_with_its_loan(lender: Liquidator) -> None:
    """What was sent is sold: nothing more has to come."""
    facility = await lender.under()
    await lender.sent(facility, 40_000_000)
    await lender.proceeds(facility, 2_000_000, completes=False)
    await lender.sent(facility, 1)
    await lender.pay(facility.id, 3_000_000)
    with pytest.raises(CollateralInLiquidation):
        await lender.complete(facility.id)
    await lender.proceeds(facility, 1, completes=False)
    assert (await lender.complete(facility.id)).status is FacilityStatus.CLOSED
    (ended,) = await lender.all_of(facility)
    assert (ended.completed, ended.cancelled, ended.amount_received) == (True, False, 2_000_001)
    assert (await lender.published())[-1] == "LiquidationCompleted"
    assert await lender.coins(facility.collateral_id) == (0, 0, 40_000_001)
    await assert_clean(lender.app)


async def test_what_is_owed_is_told_before_what_is_out(lender: Liquidator) -> None:
    facility = await lender.under()
    await lender.sent(facility, 1)
    with pytest.raises(OutstandingAmount):
        await lender.complete(facility.id)


async def test_completion_beside_coins_being_sent_one_of_them_is_refused(lender: Liquidator) -> None:
    for _ in range(6):
        facility = await lender.under()
        await lender.pay(facility.id, WHOLE)
        completed, sent = await asyncio.gather(
            lender.complete(facility.id), lender.sent(facility, 1_000), return_exceptions=True
        )
        (ended,) = await lender.all_of(facility)
        if isinstance(completed, BaseException):
            assert isinstance(completed, CollateralInLiquidation)
            assert (sent, ended.completed, ended.sent_total) == (None, False, 1_000)
            await lender.proceeds(facility, 50)
            assert (await lender.complete(facility.id)).status is FacilityStatus.CLOSED
        else:
            assert isinstance(sent, NoActiveLiquidation)
            assert (ended.cancelled, ended.sent_total) == (True, 0)
    await assert_clean(lender.app)


# --- cancelling -------------------------------------------------------------------------------------------------


async def test_one_is_cancelled_while_nothing_was_sent_and_the_threshold_is_behind(
    lender: Liquidator,
) -> None:
    facility = await lender.under()
    (started,) = await lender.all_of(facility)
    with pytest.raises(LiquidationNotCancellable):
        await lender.cancel(started.id)
    await lender.price(5_250_000)
    cancelled = await lender.cancel(started.id)
    assert (cancelled.completed, cancelled.cancelled) == (True, True)
    async with no_effect(lender.app.db):
        assert (await lender.cancel(started.id)).cancelled
    assert (await lender.facility(facility.id)).liquidation is None
    with pytest.raises(NoActiveLiquidation):
        await lender.sent(facility, 1)
    await lender.price(5_249_999)
    assert len(await lender.all_of(facility)) == 2
    await assert_clean(lender.app)


async def test_one_of_which_coins_were_sent_is_not_cancelled(lender: Liquidator) -> None:
    facility = await lender.under()
    (started,) = await lender.all_of(facility)
    await lender.sent(facility, 1)
    await lender.price(7_000_000)
    with pytest.raises(LiquidationNotCancellable):
        await lender.cancel(started.id)
    await lender.proceeds(facility, 1)
    async with no_effect(lender.app.db):
        with pytest.raises(LiquidationNotCancellable):
            await lender.cancel(started.id)


async def test_a_cancelled_one_whose_price_has_fallen_meanwhile_starts_again(lender: Liquidator) -> None:
    """The price is accepted and nobody was looked at yet."""
    facility = await lender.under()
    (started,) = await lender.all_of(facility)
    await lender.price(5_250_000)
    await go_by(lender.app, 5_000_000)
    await lender.cancel(started.id)
    await lender.credit.margin_monitor.sweep()
    assert [each.cancelled for each in await lender.all_of(facility)] == [True, False]
    await assert_clean(lender.app)


async def test_an_unknown_one_is_neither_cancelled_nor_calculated(lender: Liquidator) -> None:
    with pytest.raises(LiquidationNotFound):
        await lender.cancel(new_id())
    with pytest.raises(LiquidationNotFound):
        await lender.credit.liquidations.calculate(lender.ctx, new_id(), UsdCents(1), target_cvl=None)
