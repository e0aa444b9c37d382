"""Commands on one loan at the same moment: each finds the other's effect, or is refused; nothing is lost."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Sequence

import pytest

from lana.app import App
from lana.core.credit import Facility, FacilityStatus
from lana.core.credit.facility.errors import OutstandingAmount
from lana.lib.authz import Ctx
from lana.lib.money import Satoshis, UsdCents
from tests.support.ends_of_days import advance
from tests.support.lending import BITCOIN, Lender, terms
from tests.support.loan_life import refused
from tests.support.price_feed import go_by
from tests.support.proof import assert_clean, settle

pytestmark = pytest.mark.asyncio

ROUNDS = 200
WHOLE = 5_000_000
PAID, BROUGHT, COINS = UsdCents(1_000), UsdCents(5_000), Satoshis(100_000)
UNDER, OVER = 5_200_000, 6_000_000
"""Prices at which the loan is under its liquidation threshold, and is not: 104 % and 120 % at first."""


@pytest.fixture
def lender(app: App, superuser: Ctx) -> Lender:
    return Lender(app, superuser)


def codes(results: Sequence[object]) -> Counter[str]:
    return Counter(each.code for each in refused(results))


@pytest.mark.parametrize(("left", "each", "passing"), [(1, 1, 1), (1_000_000, 400_000, 2)])
async def test_disbursals_for_the_last_cent(lender: Lender, left: int, each: int, passing: int) -> None:
    await lender.price(10_000_000)
    facility = await lender.active(1_000_000, BITCOIN, terms(single=False, fee="0", months=24))
    if left < 1_000_000:
        await lender.disburse(facility.id, 1_000_000 - left)
    results = await asyncio.gather(
        *(lender.disburse(facility.id, each) for _ in range(5)), return_exceptions=True
    )
    assert codes(results) == {"VELOCITY_LIMIT_EXCEEDED": 5 - passing}
    await settle(lender.app)
    balance, drawn = await lender.balance(facility.id), 1_000_000 - left + passing * each
    assert (balance["remaining"], balance["disbursed"]) == (1_000_000 - drawn, drawn)
    assert await lender.held(facility.disbursal_credit_account_id) == drawn
    await assert_clean(lender.app)


async def test_fifty_payments_of_what_only_some_can_pay(lender: Lender) -> None:
    await lender.price(10_000_000)
    facility = await lender.active(100_000, BITCOIN, terms(fee="0"))
    results = await asyncio.gather(
        *(lender.pay(facility.id, 7_000) for _ in range(50)), return_exceptions=True
    )
    assert codes(results) == {"PAYMENT_AMOUNT_GREATER_THAN_OUTSTANDING_OBLIGATIONS": 50 - 14}
    balance = await lender.balance(facility.id)
    assert (balance["disbursed"], balance["uncovered"], balance["unapplied"]) == (2_000, 2_000, 0)
    assert await lender.held(facility.disbursal_credit_account_id) == 2_000
    await assert_clean(lender.app)


# --- payment, accrual and liquidation ---------------------------------------------------------------------------

ACTS = ("pay", "end of day", "price", "sweep", "send", "proceeds")
ALLOWED = {
    "pay": set[str](),
    "end of day": set[str](),
    "price": set[str](),
    "sweep": set[str](),
    "send": {"NO_ACTIVE_LIQUIDATION"},
    "proceeds": {"NO_ACTIVE_LIQUIDATION", "NOTHING_SENT_TO_LIQUIDATION"},
}


async def at_the_same_moment(lender: Lender, facility: Facility, chance: random.Random) -> set[str]:
    """A day's end, a price, a payment, coins sent and sold; answers what was done."""
    run, credit, collateral_id = lender.app.commands.run, lender.credit, facility.collateral_id
    liquidations, completes = credit.liquidations, chance.random() < 0.5
    acts: dict[str, Awaitable[object]] = {
        "pay": lender.pay(facility.id, PAID),
        "end of day": lender.app.end_of_day.tick(),
        "price": go_by(lender.app, chance.choice([UNDER, UNDER, UNDER, OVER])),
        "sweep": credit.margin_monitor.sweep(),
        "send": run(lender.ctx, liquidations.record_sent, collateral_id, COINS),
        "proceeds": run(
            lender.ctx, liquidations.record_proceeds, collateral_id, BROUGHT, completes=completes
        ),
    }
    order = chance.sample(ACTS, len(ACTS))
    results = await asyncio.gather(*(acts[each] for each in order), return_exceptions=True)
    for act, result in zip(order, results, strict=True):
        assert set(codes([result])) <= ALLOWED[act], act
    return {act for act, each in zip(order, results, strict=True) if not isinstance(each, BaseException)}


async def test_payment_accrual_and_liquidation_of_one_loan_at_the_same_moment(lender: Lender) -> None:
    await lender.price(7_000_000)
    facility = await lender.active(WHOLE, BITCOIN, terms(fee="0", months=24))
    await lender.app.end_of_day.tick()
    await lender.price(UNDER)
    chance, done = random.Random(7), Counter[str]()
    for _ in range(ROUNDS):
        await advance(lender)
        done.update(await at_the_same_moment(lender, facility, chance))
    await lender.app.end_of_day.runs.nudge()
    await lender.app.end_of_day.tick()
    assert done["pay"] == done["end of day"] == done["price"] == done["sweep"] == ROUNDS
    assert ROUNDS // 2 < done["send"] < ROUNDS
    assert ROUNDS // 4 < done["proceeds"] < ROUNDS
    await every_day_accrued(lender, facility)
    await nothing_is_lost(lender, facility, done)
    await assert_clean(lender.app)


async def every_day_accrued(lender: Lender, facility: Facility) -> None:
    runs = await lender.app.end_of_day.runs.latest(ROUNDS + 1)
    assert [(run.state, run.failures) for run in runs] == [("completed", [])] * ROUNDS
    accruals = [step.done for run in runs for step in run.steps if step.step == "interest-accruals"]
    assert sum(accruals) == ROUNDS
    rows = await lender.app.db.fetch(
        "select count(*) from cala.transactions where external_id ~ '-interest-accrual-[0-9]+$'"
    )
    assert rows == [(ROUNDS,)]


async def nothing_is_lost(lender: Lender, facility: Facility, done: Counter[str]) -> None:
    """Cents paid and brought, coins sent and sold, in the books and in the liquidations."""
    balance, paid = await lender.balance(facility.id), PAID * done["pay"]
    owed = WHOLE + balance["interest_total"] - paid - BROUGHT * done["proceeds"]
    assert balance["disbursed"] + balance["interest"] == balance["uncovered"] == owed
    assert balance["unapplied"] == 0
    assert await lender.held(facility.disbursal_credit_account_id) == WHOLE - paid
    find = lender.credit.collateral_reading.find_many_liquidations_by_facility
    found = (await find(lender.ctx, [facility.id]))[facility.id]
    assert sum(each.sent_total for each in found) == COINS * done["send"]
    assert sum(each.amount_received for each in found) == BROUGHT * done["proceeds"]
    assert len(found) > ROUNDS // 10
    assert sum(not each.completed for each in found) <= 1
    sold = sum(each.liquidated for each in found)
    held = BITCOIN - COINS * done["send"]
    assert await lender.coins(facility.collateral_id) == (held, COINS * done["send"] - sold, sold)


async def test_two_approvals_make_one_pending_facility(lender: Lender) -> None:
    await lender.price(10_000_000)
    proposal = await lender.propose(100_000)
    verb = lender.credit.proposals.conclude_customer_approval
    run = lender.app.commands.run
    await asyncio.gather(*(run(lender.ctx, verb, proposal.id, True) for _ in range(5)))
    conclude = lender.credit.proposals.conclude_approval
    await asyncio.gather(*(run(lender.ctx, conclude, proposal.id, True) for _ in range(5)))
    await settle(lender.app)
    assert (await lender.pending(proposal.id)).is_waiting
    await assert_clean(lender.app)


async def test_completion_beside_a_payment_sees_it_or_is_refused(lender: Lender) -> None:
    await lender.price(10_000_000)
    for _ in range(5):
        facility = await lender.active(100_000, BITCOIN, terms(fee="0"))
        results = await asyncio.gather(
            lender.pay(facility.id, 100_000),
            lender.complete(facility.id),
            return_exceptions=True,
        )
        assert all(isinstance(each, OutstandingAmount) for each in refused(results))
        closed = await lender.complete(facility.id)
        assert closed.status is FacilityStatus.CLOSED
    await assert_clean(lender.app)
