"""A line drawn, paid and closed day by day: its plan is what the books say, and what then happens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import pytest

from lana.app import App
from lana.core.credit import PlanEntry, RepaymentStatus
from lana.core.credit.primitives import ObligationType
from lana.lib.authz import Ctx
from tests.support.lending import BITCOIN, Lender, terms
from tests.support.proof import assert_clean, settle

pytestmark = pytest.mark.asyncio

PAID, UPCOMING = RepaymentStatus.PAID, RepaymentStatus.UPCOMING
DAYS = [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 15)]


@pytest.fixture
def lender(app: App, superuser: Ctx) -> Lender:
    return Lender(app, superuser)


def interest(plan: Sequence[PlanEntry]) -> list[PlanEntry]:
    return [each for each in plan if each.repayment_type is ObligationType.INTEREST]


async def seen(lender: Lender, facility_id: UUID) -> Sequence[PlanEntry]:
    """The plan as staff read it now; what of it is owed is what the ledger has."""
    facility = await lender.facility(facility_id)
    plan = (await lender.credit.facility_reading.plans_of(lender.ctx, [facility]))[facility_id]
    balance = await lender.balance(facility_id)
    owed = [each for each in plan if each.status is not UPCOMING]
    assert sum(each.outstanding for each in interest(owed)) == balance["interest"]
    assert sum(each.outstanding for each in owed) == balance["interest"] + balance["disbursed"]
    assert [each.due_at for each in interest(plan)] == DAYS, "the days of interest never change"
    assert {each.due_at for each in plan} == set(DAYS)
    return plan


def assert_came(planned: PlanEntry, came: PlanEntry, periods: int) -> None:
    """Rounded up once in the plan, in each of so many days in the books."""
    assert planned.status is UPCOMING
    assert came.status is not UPCOMING
    assert 0 <= came.initial - planned.initial < periods


async def test_on_each_day_a_plan_is_what_is_owed_and_what_is_to_come(lender: Lender) -> None:
    await lender.price(10_000_000)
    values = terms(months=2, single=False)
    proposal = await lender.propose(1_000_000, values)
    offered = await lender.credit.proposal_reading.plan_of(lender.ctx, proposal)
    assert [each.due_at for each in interest(offered)] == DAYS
    assert [each.initial for each in offered if each not in interest(offered)] == [50_000, 1_000_000]

    facility = await lender.active(1_000_000, BITCOIN, values)
    begun = await seen(lender, facility.id)
    await lender.until(date(2026, 1, 31))
    assert await seen(lender, facility.id) == begun
    await lender.until(date(2026, 2, 1))
    assert_came(begun[0], (await seen(lender, facility.id))[0], 17)

    await lender.disburse(facility.id, 700_000)
    await settle(lender.app)
    drawn = await seen(lender, facility.id)
    await lender.until(date(2026, 3, 1))
    february = await seen(lender, facility.id)
    assert_came(interest(drawn)[1], interest(february)[1], 28)

    await lender.pay(facility.id, interest(february)[0].outstanding + interest(february)[1].outstanding)
    on_time = await seen(lender, facility.id)
    assert [each.status for each in interest(on_time)] == [PAID, PAID, UPCOMING]
    assert interest(on_time)[2] == interest(february)[2]
    await lender.pay(facility.id, 50_000 + 100_000)
    early = await seen(lender, facility.id)
    assert [each.outstanding for each in early if each not in interest(early)] == [0, 600_000]
    await lender.until(date(2026, 3, 17))
    matured = await seen(lender, facility.id)
    assert_came(interest(early)[2], interest(matured)[2], 15)

    account, left = facility.disbursal_credit_account_id, sum(each.outstanding for each in matured)
    await lender.app.commands.run(lender.ctx, lender.app.deposits.record_deposit, account, left)
    await lender.pay(facility.id, left)
    paid = await seen(lender, facility.id)
    assert {each.status for each in paid} == {PAID}
    assert [each.initial for each in paid] == [each.initial for each in matured]
    await lender.complete(facility.id)
    assert await seen(lender, facility.id) == paid
    await assert_clean(lender.app)
