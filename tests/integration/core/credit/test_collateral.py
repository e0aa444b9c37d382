"""Collateral by hand and by wallet: posted, told, looked at; removed as settings and the price's age allow."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from uuid import UUID

import pytest

from lana.app import App
from lana.core.credit import Actor, Facility, FacilityStatus, PendingFacility, ReleaseState
from lana.core.credit import CollateralizationState as State
from lana.core.credit.collateral.errors import CollateralReleased, ManualUpdateError, NoActiveLiquidation
from lana.core.credit.facility.errors import (
    BelowMarginLimit,
    CollateralInLiquidation,
    DisbursalOnInactiveFacility,
)
from lana.core.credit.history import CollateralChanged
from lana.core.price import PriceStale
from lana.lib.authz import Ctx
from lana.lib.es.op import Op
from lana.lib.money import Satoshis, UsdCents
from lana.lib.outbox.event import decode
from tests.support.custodian import SYNC, make_vault
from tests.support.lending import BITCOIN, Lender, terms
from tests.support.price_feed import go_stale
from tests.support.proof import assert_clean, no_effect, settle

pytestmark = pytest.mark.asyncio


@pytest.fixture
def lender(app: App, superuser: Ctx) -> Lender:
    return Lender(app, superuser)


async def events(lender: Lender, collateral_id: UUID) -> list[str]:
    found = await lender.credit.collateral_reading.collaterals.events(collateral_id, limit=100)
    return [each.event_type for each in reversed(found)]


async def floor_of(lender: Lender, value: str) -> None:
    configs = lender.app.domain_configs
    await lender.app.commands.run(Ctx.system("test"), configs.set_by_key, "collateral-release-floor", value)
    await lender.app.settings.refresh()


# --- by hand ----------------------------------------------------------------------------------------------------


async def test_a_total_by_hand_is_posted_published_and_told(lender: Lender) -> None:
    await lender.price(10_000_000)
    facility = await lender.active(100_000, 1_400_000, terms(fee="0"))
    backdated = date(2026, 1, 3)
    await lender.collateral(facility.collateral_id, 1_500_000, backdated)
    await lender.collateral(facility.collateral_id, 1_450_000)
    assert await lender.coins(facility.collateral_id) == (1_450_000, 0, 0)
    assert (await lender.facility(facility.id)).position.collateral == 1_450_000
    assert (await lender.balance(facility.id))["collateral"] == 1_450_000
    sql = (
        "select effective, count(*) from cala.transactions join cala.templates on templates.id = template_id"
        " where code in ('ADD_COLLATERAL', 'REMOVE_COLLATERAL') group by 1 order by 1"
    )
    assert await lender.app.db.fetch(sql) == [(backdated, 1), (date(2026, 1, 15), 2)]
    told = [entry for entry in await lender.told(facility.id) if isinstance(entry.told, CollateralChanged)]
    assert [
        (each.told.direction, each.told.satoshis) for each in told if isinstance(each.told, CollateralChanged)
    ] == [("Add", 1_400_000), ("Add", 100_000), ("Remove", 50_000)]
    # an entry has the day it was recorded, whatever day the posting has
    assert {each.effective for each in told} == {date(2026, 1, 15)}
    await assert_clean(lender.app)


@pytest.mark.parametrize("effective", [date.min, date(2025, 12, 31), date(2027, 1, 1), date.max])
async def test_it_counts_at_once_whatever_day_it_is_effective(lender: Lender, effective: date) -> None:
    """The day is the books' alone, before the loan and long after it: what secures the loan is there now."""
    await lender.price(10_000_000)
    facility = await lender.active(100_000, 1_400_000, terms(fee="0"))
    await lender.collateral(facility.collateral_id, 1_200_000, effective)
    assert (await lender.facility(facility.id)).collateralization_state is State.UNDER_MARGIN_CALL_THRESHOLD
    await lender.collateral(facility.collateral_id, 1_300_000)
    await lender.pay(facility.id, 100_000)
    assert (await lender.complete(facility.id)).status is FacilityStatus.CLOSED
    assert await lender.coins(facility.collateral_id) == (0, 0, 0)
    await assert_clean(lender.app)


async def test_the_same_total_again_has_no_effect(lender: Lender) -> None:
    await lender.price(10_000_000)
    facility = await lender.active(100_000, 1_400_000)
    async with no_effect(lender.app.db):
        await lender.collateral(facility.collateral_id, 1_400_000)


async def test_without_the_setting_it_may_be_taken_below_any_cvl(lender: Lender) -> None:
    await lender.price(10_000_000)
    facility = await lender.active(100_000, 1_400_000)
    await lender.collateral(facility.collateral_id, 1_240_000)
    assert (await lender.facility(facility.id)).collateralization_state is State.UNDER_MARGIN_CALL_THRESHOLD
    await lender.collateral(facility.collateral_id, 0)
    assert (await lender.facility(facility.id)).collateralization_state is State.NO_COLLATERAL


@pytest.mark.parametrize(("floor", "least"), [("MARGIN_CALL", 1_250_000), ("INITIAL", 1_400_000)])
async def test_with_a_floor_it_may_not_be_taken_below_it(lender: Lender, floor: str, least: int) -> None:
    await lender.price(10_000_000)
    facility = await lender.active(100_000, 2_000_000, terms(fee="0"))
    await floor_of(lender, floor)
    async with no_effect(lender.app.db):
        with pytest.raises(BelowMarginLimit):
            await lender.collateral(facility.collateral_id, least - 1)
    await lender.collateral(facility.collateral_id, least)
    # more is always welcome, below the floor too
    await lender.price(5_000_000)
    await lender.collateral(facility.collateral_id, least + 1)
    # what is not owed is not secured
    await lender.pay(facility.id, 100_000)
    await lender.collateral(facility.collateral_id, 0)


async def test_with_a_stale_price_it_is_added_and_not_removed_while_anything_is_owed(
    lender: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lender.price(10_000_000)
    facility = await lender.active(100_000, 2_000_000, terms(fee="0"))
    waiting = await lender.approved(100_000)
    await lender.collateral(waiting.collateral_id, 500_000)
    await go_stale(lender.app, monkeypatch)
    async with no_effect(lender.app.db):
        with pytest.raises(PriceStale):
            await lender.collateral(facility.collateral_id, 1_999_999)
    await lender.collateral(facility.collateral_id, 2_000_001)
    # of a loan that is not paid out yet nothing is owed
    await lender.collateral(waiting.collateral_id, 400_000)
    await lender.pay(facility.id, 100_000)
    await lender.collateral(facility.collateral_id, 0)
    await assert_clean(lender.app)


async def test_interest_accrued_and_not_posted_is_owed_too(
    lender: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lender.price(10_000_000)
    facility = await lender.active(100_000, 2_000_000, terms(fee="0"))
    await lender.app.commands.run(
        lender.ctx, lender.app.deposits.record_deposit, facility.disbursal_credit_account_id, 1_000
    )
    await lender.until(date(2026, 1, 25))
    await floor_of(lender, "INITIAL")
    await lender.pay(facility.id, 100_000)
    assert (await lender.facility(facility.id)).position.exposure == 0
    # ten days at 33 cents: 140 % of them are 462 cents
    await lender.price(10_000_000)
    for total in (0, 4_619):
        async with no_effect(lender.app.db):
            with pytest.raises(BelowMarginLimit):
                await lender.collateral(facility.collateral_id, total)
    await lender.collateral(facility.collateral_id, 4_620)
    await go_stale(lender.app, monkeypatch)
    async with no_effect(lender.app.db):
        with pytest.raises(PriceStale):
            await lender.collateral(facility.collateral_id, 4_619)
    await lender.pay(facility.id, 330)
    await lender.collateral(facility.collateral_id, 0)
    await assert_clean(lender.app)


async def test_the_floor_counts_days_that_ended_before_their_run(lender: Lender) -> None:
    await lender.price(10_000_000)
    facility = await lender.active(100_000, 2_000_000, terms(fee="0"))
    await floor_of(lender, "INITIAL")
    for _ in range(10):
        clock = await lender.app.commands.run(lender.ctx, lender.app.time.advance_to_next_end_of_day)
        await lender.app.time.after_advance(clock)
    await lender.price(10_000_000)
    # 140 % of 100,330
    async with no_effect(lender.app.db):
        with pytest.raises(BelowMarginLimit):
            await lender.collateral(facility.collateral_id, 1_404_610)
    await lender.collateral(facility.collateral_id, 1_404_620)
    await assert_clean(lender.app)


async def test_collateral_of_a_loan_that_is_over_is_not_entered_any_more(lender: Lender) -> None:
    await lender.price(10_000_000)
    facility = await lender.active(100_000, 1_400_000, terms(fee="0"))
    await lender.pay(facility.id, 100_000)
    await lender.complete(facility.id)
    assert await lender.coins(facility.collateral_id) == (0, 0, 0)
    assert (await events(lender, facility.collateral_id))[-3:] == [
        "release_requested",
        "updated_via_manual_input",
        "released",
    ]
    with pytest.raises(CollateralReleased):
        await lender.collateral(facility.collateral_id, 1)


# --- while the loan is activated --------------------------------------------------------------------------------


def between_reads(
    lender: Lender, monkeypatch: pytest.MonkeyPatch, when: int, what: Callable[[], Awaitable[object]]
) -> None:
    """Do something once somebody has looked `when` times for a facility, or for one that waits."""
    collaterals, looks = lender.credit.collaterals, 0
    for repo in (
        collaterals._facilities,  # pyright: ignore[reportPrivateUsage]
        collaterals._pendings,  # pyright: ignore[reportPrivateUsage]
    ):
        peek = repo.peek

        async def look(
            entity_id: UUID,
            peek: Callable[[UUID], Awaitable[Facility | PendingFacility | None]] = peek,
        ) -> Facility | PendingFacility | None:
            nonlocal looks
            looks += 1
            found = await peek(entity_id)
            if looks == when:
                await what()
            return found

        monkeypatch.setattr(repo, "peek", look)


@pytest.mark.parametrize("total", [1_300_000, 1_500_000])
@pytest.mark.parametrize("when", [1, 2, 3])
async def test_a_change_beside_the_activation_reaches_the_facility(
    lender: Lender, monkeypatch: pytest.MonkeyPatch, when: int, total: int
) -> None:
    """Whatever the change had read before the activation committed."""
    await lender.price(10_000_000)
    pending = await lender.approved(100_000, terms(fee="0"))
    await lender.collateral(pending.collateral_id, 1_400_000)

    async def activate() -> None:
        ctx = Ctx.system(Actor.ACTIVATION)
        await lender.app.commands.run(ctx, lender.credit.activations.activate, pending.id)

    between_reads(lender, monkeypatch, when, activate)
    await lender.collateral(pending.collateral_id, total)
    monkeypatch.undo()
    await settle(lender.app)
    facility = await lender.facility(pending.id)
    assert facility.position.collateral == total
    assert await lender.coins(facility.collateral_id) == (total, 0, 0)
    await assert_clean(lender.app)


@pytest.mark.parametrize("when", [1, 2, 3])
async def test_a_removal_beside_the_activation_is_checked_as_a_facility_s(
    lender: Lender, monkeypatch: pytest.MonkeyPatch, when: int
) -> None:
    await floor_of(lender, "INITIAL")
    await lender.price(10_000_000)
    pending = await lender.approved(100_000, terms(fee="0"))
    await lender.collateral(pending.collateral_id, 1_400_000)

    async def activate() -> None:
        ctx = Ctx.system(Actor.ACTIVATION)
        await lender.app.commands.run(ctx, lender.credit.activations.activate, pending.id)

    between_reads(lender, monkeypatch, when, activate)
    with pytest.raises(BelowMarginLimit):
        await lender.collateral(pending.collateral_id, 1_300_000)
    monkeypatch.undo()
    assert (await lender.facility(pending.id)).position.collateral == 1_400_000


# --- by wallet --------------------------------------------------------------------------------------------------


class Walleted(Lender):
    """Loans whose coins are in wallets."""

    async def watched(self, amount: int, balance: int, *, single: bool = True) -> Facility:
        pending = await self.approved(amount, terms(fee="0", single=single))
        await self.shows(pending.collateral_id, balance)
        return await self.facility(pending.id)


@pytest.fixture
async def walleted(app: App, superuser: Ctx) -> Walleted:
    return Walleted(app, superuser, await make_vault(app, superuser))


async def test_collateral_follows_its_wallet(walleted: Walleted) -> None:
    await walleted.price(10_000_000)
    pending = await walleted.approved(100_000)
    await walleted.shows(pending.collateral_id, 0)
    await walleted.shows(pending.collateral_id, 1_500_000)
    facility = await walleted.facility(pending.id)
    await walleted.shows(pending.collateral_id, 1_500_000)
    await walleted.shows(pending.collateral_id, 1_000_000)
    assert await walleted.coins(pending.collateral_id) == (1_000_000, 0, 0)
    assert await events(walleted, pending.collateral_id) == [
        "initialized",
        "updated_via_custodian_sync",
        "updated_via_custodian_sync",
        "liquidation_started",
    ]
    now = await walleted.facility(facility.id)
    assert now.position.collateral == 1_000_000
    assert now.collateralization_state is State.UNDER_LIQUIDATION_THRESHOLD
    audited = await walleted.app.db.fetch(
        "select count(*) from audit_entries where subject = 'system:custodian-sync'"
        " and action = 'credit-collateral:collateral:record-custodian-sync'"
    )
    assert audited == [(3,)]
    await assert_clean(walleted.app)


async def test_what_a_wallet_shows_is_recorded_whatever_price_or_floor_say(
    walleted: Walleted, monkeypatch: pytest.MonkeyPatch
) -> None:
    await walleted.price(10_000_000)
    facility = await walleted.watched(100_000, 1_500_000)
    await floor_of(walleted, "INITIAL")
    await go_stale(walleted.app, monkeypatch)
    await walleted.shows(facility.collateral_id, 1_000)
    assert await walleted.coins(facility.collateral_id) == (1_000, 0, 0)


async def test_with_a_wallet_nothing_is_entered_by_hand_not_even_the_same(
    walleted: Walleted, monkeypatch: pytest.MonkeyPatch
) -> None:
    await walleted.price(10_000_000)
    facility = await walleted.watched(100_000, 1_500_000)
    await go_stale(walleted.app, monkeypatch)
    for total in (1_500_000, 1_600_000, 0):
        with pytest.raises(ManualUpdateError):
            await walleted.collateral(facility.collateral_id, total)


async def test_coins_sent_to_liquidation_are_counted_once(walleted: Walleted) -> None:
    await walleted.price(7_000_000)
    facility = await walleted.watched(5_000_000, BITCOIN)
    await walleted.price(5_200_000)
    run, sent = walleted.app.commands.run, walleted.credit.liquidations.record_sent
    await run(walleted.ctx, sent, facility.collateral_id, Satoshis(40_000_000))
    for balance, held in (
        (BITCOIN + 5, 60_000_005),  # five more came in, and nothing has left yet
        (BITCOIN - 10_000_000, 60_000_005),  # a part has left
        (60_000_005, 60_000_005),  # all of it
        (60_000_000, 60_000_000),  # five more
    ):
        await walleted.shows(facility.collateral_id, balance)
        assert await walleted.coins(facility.collateral_id) == (held, 40_000_000, 0)
        assert (await walleted.facility(facility.id)).position.collateral == held
    assert (await walleted.secured(facility.collateral_id)).in_transit == 0
    await assert_clean(walleted.app)


async def test_a_loan_with_a_wallet_is_closed_when_the_wallet_is_empty(walleted: Walleted) -> None:
    await walleted.price(10_000_000)
    facility = await walleted.watched(100_000, 1_500_000, single=False)
    completing = await walleted.complete(facility.id)
    assert completing.status is FacilityStatus.ACTIVE
    assert (await walleted.secured(facility.collateral_id)).release_state is ReleaseState.RELEASE_REQUESTED
    with pytest.raises(DisbursalOnInactiveFacility):
        await walleted.disburse(facility.id, 1_000)
    await walleted.complete(facility.id)
    for balance in (900_000, 1_000_000, 1):
        await walleted.shows(facility.collateral_id, balance)
        assert await walleted.coins(facility.collateral_id) == (balance, 0, 0)
        assert (await walleted.facility(facility.id)).status is FacilityStatus.ACTIVE
    await walleted.shows(facility.collateral_id, 0)
    closed = await walleted.facility(facility.id)
    assert closed.status is FacilityStatus.CLOSED
    assert closed.collateralization_state is State.NO_COLLATERAL
    assert (await walleted.secured(facility.collateral_id)).release_state is ReleaseState.RELEASED
    rows = await walleted.app.db.fetch("select payload from outbox order by sequence")
    names = [type(decode(row[0])).__name__ for row in rows]
    assert names.count("FacilityCompleted") == 1
    # coins that come later are recorded, and the loan stays closed
    await walleted.shows(facility.collateral_id, 7)
    assert await walleted.coins(facility.collateral_id) == (7, 0, 0)
    assert (await walleted.facility(facility.id)).status is FacilityStatus.CLOSED
    await assert_clean(walleted.app)


async def test_a_loan_paid_while_its_coins_are_sold_is_closed_when_they_have_left(walleted: Walleted) -> None:
    """Recorded as sent and still in the wallet: nothing secures the loan, and the wallet is not empty."""
    await walleted.price(7_000_000)
    facility = await walleted.watched(5_000_000, BITCOIN)
    await walleted.price(5_200_000)
    run, liquidations = walleted.app.commands.run, walleted.credit.liquidations
    await run(walleted.ctx, liquidations.record_sent, facility.collateral_id, BITCOIN)
    await run(walleted.ctx, liquidations.record_proceeds, facility.collateral_id, UsdCents(5_000_000))
    assert (await walleted.complete(facility.id)).status is FacilityStatus.ACTIVE
    await walleted.shows(facility.collateral_id, 40)
    assert (await walleted.facility(facility.id)).status is FacilityStatus.ACTIVE
    await walleted.shows(facility.collateral_id, 0)
    assert (await walleted.facility(facility.id)).status is FacilityStatus.CLOSED
    assert await walleted.coins(facility.collateral_id) == (0, 0, BITCOIN)
    await assert_clean(walleted.app)


async def test_a_liquidation_that_sent_nothing_is_over_before_the_wallet_is_empty(walleted: Walleted) -> None:
    """Paid off and asked for: what leaves the wallet then goes back to the customer, and is not sold."""
    await walleted.price(7_000_000)
    facility = await walleted.watched(5_000_000, BITCOIN)
    await walleted.price(5_200_000)
    await walleted.pay(facility.id, 5_000_000)
    completing = await walleted.complete(facility.id)
    assert (completing.status, completing.liquidation) == (FacilityStatus.ACTIVE, None)
    sent = walleted.credit.liquidations.record_sent
    with pytest.raises(NoActiveLiquidation):
        await walleted.app.commands.run(walleted.ctx, sent, facility.collateral_id, Satoshis(1))
    await walleted.price(1_000)
    await walleted.shows(facility.collateral_id, 0)
    closed = await walleted.facility(facility.id)
    assert (closed.status, closed.liquidation) == (FacilityStatus.CLOSED, None)
    assert (await walleted.secured(facility.collateral_id)).liquidation_id is None
    await assert_clean(walleted.app)


async def test_coins_that_are_out_keep_a_loan_open_though_its_wallet_is_empty(walleted: Walleted) -> None:
    await walleted.price(7_000_000)
    facility = await walleted.watched(5_000_000, BITCOIN)
    await walleted.price(5_200_000)
    run, liquidations = walleted.app.commands.run, walleted.credit.liquidations
    await run(walleted.ctx, liquidations.record_sent, facility.collateral_id, BITCOIN)
    await walleted.pay(facility.id, 5_000_000)
    await walleted.shows(facility.collateral_id, 0)
    with pytest.raises(CollateralInLiquidation):
        await walleted.complete(facility.id)
    await run(walleted.ctx, liquidations.record_proceeds, facility.collateral_id, UsdCents(5_100_000))
    assert (await walleted.complete(facility.id)).status is FacilityStatus.CLOSED
    assert await walleted.held(facility.disbursal_credit_account_id) == 5_100_000
    await assert_clean(walleted.app)


async def test_a_wallet_that_was_empty_before_is_released_with_the_loan(walleted: Walleted) -> None:
    await walleted.price(10_000_000)
    facility = await walleted.watched(100_000, 1_500_000, single=False)
    await walleted.shows(facility.collateral_id, 0)
    assert (await walleted.complete(facility.id)).status is FacilityStatus.CLOSED
    await assert_clean(walleted.app)


async def test_a_balance_of_a_wallet_that_secures_nothing_changes_nothing(walleted: Walleted) -> None:
    async def sync(op: Op) -> None:
        verb = walleted.credit.collaterals.sync_with_wallet
        await verb(op, op.new_id(), Satoshis(5), date(2026, 1, 15))

    async with no_effect(walleted.app.db):
        await walleted.app.commands.run(SYNC, sync)
