"""Commands on one loan at the same moment: each finds the other's effect, or is refused; nothing is lost."""

from __future__ import annotations

import asyncio

import pytest

from lana.app import App
from lana.core.credit import FacilityStatus
from lana.core.credit.facility.errors import OutstandingAmount
from lana.lib.authz import Ctx
from lana.lib.money import UsdCents
from tests.support.lending import BITCOIN, Lender, terms
from tests.support.loan_life import refused
from tests.support.price_feed import go_by
from tests.support.proof import assert_clean, settle

pytestmark = pytest.mark.asyncio

REPEATS = 20


@pytest.fixture
def lender(app: App, superuser: Ctx) -> Lender:
    return Lender(app, superuser)


async def test_two_disbursals_for_the_last_cent(lender: Lender) -> None:
    await lender.price(10_000_000)
    facility = await lender.active(1_000_000, BITCOIN, terms(single=False, fee="0", months=24))
    results = await asyncio.gather(
        *(lender.disburse(facility.id, 400_000) for _ in range(5)), return_exceptions=True
    )
    assert len(refused(results)) == 3
    await settle(lender.app)
    balance = await lender.balance(facility.id)
    assert (balance["remaining"], balance["disbursed"]) == (200_000, 800_000)
    await assert_clean(lender.app)


async def test_fifty_payments_of_what_only_some_can_pay(lender: Lender) -> None:
    await lender.price(10_000_000)
    facility = await lender.active(100_000, BITCOIN, terms(fee="0"))
    results = await asyncio.gather(
        *(lender.pay(facility.id, 7_000) for _ in range(50)), return_exceptions=True
    )
    assert len(refused(results)) == 50 - 14
    balance = await lender.balance(facility.id)
    assert (balance["disbursed"], balance["uncovered"], balance["unapplied"]) == (2_000, 2_000, 0)
    assert await lender.held(facility.disbursal_credit_account_id) == 2_000
    await assert_clean(lender.app)


async def test_payment_accrual_and_liquidation_of_one_loan_at_the_same_moment(lender: Lender) -> None:
    await lender.price(7_000_000)
    facility = await lender.active(5_000_000, BITCOIN, terms(fee="0"))
    run, credit = lender.app.commands.run, lender.credit
    for round_ in range(REPEATS):
        clock = await run(lender.ctx, lender.app.time.advance_to_next_end_of_day)
        await lender.app.time.after_advance(clock)
        await go_by(lender.app, 7_000_000 - 90_000 * round_)
        acts = [
            lender.pay(facility.id, 1_000),
            lender.app.end_of_day.tick(),
            credit.margin_monitor.sweep(),
            run(lender.ctx, credit.liquidations.record_sent, facility.collateral_id, 1_000_000),
            run(lender.ctx, credit.liquidations.record_proceeds, facility.collateral_id, UsdCents(40_000)),
        ]
        refused(await asyncio.gather(*acts, return_exceptions=True))
    await lender.app.end_of_day.runs.nudge()
    await lender.app.end_of_day.tick()
    await credit.margin_monitor.sweep()
    await assert_clean(lender.app)


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
