"""Days that end without a price to act upon: everything goes on that needs none, and the rest waits for one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date

import pytest

from lana.app import App
from lana.core.credit import CollateralizationState as State
from lana.core.credit import Facility, FacilityStatus, PendingFacility, ProposalEnd
from lana.lib.authz import Ctx
from tests.support.ends_of_days import failures
from tests.support.lending import BITCOIN, Lender, terms
from tests.support.price_feed import go_by, go_stale
from tests.support.proof import assert_clean, settle
from tests.support.proposing import proposal_of, set_up

pytestmark = pytest.mark.asyncio

WHOLE = 5_000_000
UNDER = 5_200_000
JANUARY, A_DAY = 561, 33
"""Interest of the small loan: 17 days of 12 % on 100,000, each day rounded."""

Take = Callable[[App, pytest.MonkeyPatch], Awaitable[None]]


async def go_without(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if none had ever been accepted, until `monkeypatch.undo()`."""
    monkeypatch.setattr(app.prices, "_seen", lambda _: None)


@pytest.fixture
def lender(app: App, superuser: Ctx) -> Lender:
    return Lender(app, superuser)


@pytest.mark.parametrize("take", [go_stale, go_without])
async def test_without_a_price_days_end_and_nothing_is_liquidated_or_activated(
    lender: Lender, monkeypatch: pytest.MonkeyPatch, take: Take
) -> None:
    await set_up(lender, "proposal-expiry-days", 10)
    await lender.price(10_000_000)
    sound = await lender.active(100_000, BITCOIN)
    falling = await lender.active(WHOLE, BITCOIN, terms(fee="0"))
    waiting, forgotten = await lender.approved(100_000), await lender.propose(100_000)
    await lender.app.end_of_day.tick()

    await go_by(lender.app, UNDER)
    await take(lender.app, monkeypatch)
    await lender.collateral(waiting.collateral_id, BITCOIN)
    await settle(lender.app)
    while lender.app.bank_time.today() < date(2026, 2, 2):
        await lender.end_day()
        assert await failures(lender) == []
        await lender.credit.margin_monitor.sweep()

    await what_needs_no_price_went_on(lender, sound, falling)
    assert (await proposal_of(lender, forgotten.id)).end_reason is ProposalEnd.EXPIRED
    proposed = await lender.approved(100_000)
    assert (await liquidations(lender), await loans(lender)) == (0, 2)
    awaits = (await lender.facility(falling.id)).awaits_liquidation
    assert awaits is (take is go_stale), "a stale price still tells the state"

    monkeypatch.undo()
    await lender.price(UNDER + 1)
    await what_waited_goes_on(lender, falling, waiting)
    assert (await lender.pending(proposed.id)).is_waiting, "it has no collateral"
    await assert_clean(lender.app)


async def liquidations(lender: Lender) -> int:
    return (await lender.app.db.fetch("select count(*) from liquidations"))[0][0]


async def loans(lender: Lender) -> int:
    return (await lender.app.db.fetch("select count(*) from credit_facilities"))[0][0]


async def what_needs_no_price_went_on(lender: Lender, sound: Facility, falling: Facility) -> None:
    """January is accrued, posted and due; it is paid, and so is a part of the other loan."""
    balance = await lender.balance(sound.id)
    assert (balance["interest_total"], balance["interest_payable"]) == (JANUARY, JANUARY)
    await lender.pay(sound.id, JANUARY)
    assert (await lender.balance(sound.id))["interest"] == 0
    owed = (await lender.balance(falling.id))["interest_payable"]
    assert owed > 0
    await lender.pay(falling.id, owed)
    now = await lender.facility(falling.id)
    assert (now.status, now.liquidation) == (FacilityStatus.ACTIVE, None)
    assert now.position.outstanding.interest == 0


async def what_waited_goes_on(lender: Lender, falling: Facility, waiting: PendingFacility) -> None:
    now = await lender.facility(falling.id)
    assert now.collateralization_state is State.UNDER_LIQUIDATION_THRESHOLD
    assert now.liquidation is not None
    assert await liquidations(lender) == 1
    activated = await lender.facility(waiting.id)
    assert activated.status is FacilityStatus.ACTIVE
    await lender.end_day()
    cycle = (await lender.facility(waiting.id)).cycle
    assert cycle is not None
    found = await lender.credit.interest.repo.peek(cycle.id)
    assert found is not None
    assert found.unposted == A_DAY
