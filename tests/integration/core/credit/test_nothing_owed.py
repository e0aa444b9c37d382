"""A loan on which nothing is outstanding: its periods and cycles go by in events, and the ledger has nothing."""

from __future__ import annotations

from datetime import date

import pytest

from lana.app import App
from lana.core.credit import Facility
from lana.core.credit.cycle.repo import CycleRepo
from lana.core.credit.history import InterestAccrued
from lana.core.credit.templates import Template
from lana.lib.authz import Ctx
from tests.support.lending import BITCOIN, Lender, terms
from tests.support.proof import assert_clean, settle

pytestmark = pytest.mark.asyncio

INTEREST = [Template.CREDIT_FACILITY_ACCRUE_INTEREST, Template.CREDIT_FACILITY_POST_ACCRUED_INTEREST]


@pytest.fixture
def lender(app: App, superuser: Ctx) -> Lender:
    return Lender(app, superuser)


async def undrawn(lender: Lender) -> Facility:
    await lender.price(10_000_000)
    return await lender.active(1_000_000, BITCOIN, terms(fee="0", months=12, single=False))


async def interest_transactions(lender: Lender) -> int:
    sql = (
        "select count(*) from cala.transactions join cala.templates on templates.id = template_id"
        " where code = any(%b::text[])"
    )
    return (await lender.app.db.fetch(sql, [[str(code) for code in INTEREST]]))[0][0]


async def test_cycles_go_by_in_events_without_transactions_and_obligations(lender: Lender) -> None:
    facility = await undrawn(lender)
    assert facility.cycle is not None
    await lender.until(date(2026, 2, 3))
    events = await CycleRepo(lender.app.db).events(facility.cycle.id, limit=100)
    accrued = [each.data for each in events if each.event_type == "interest_accrued"]
    assert [each["amount"] for each in accrued] == [0] * 17
    (posted,) = [each.data for each in events if each.event_type == "interest_accruals_posted"]
    assert (posted["total"], posted["obligation_id"], posted["effective"]) == (0, None, "2026-01-31")
    assert await interest_transactions(lender) == 0
    history = await lender.credit.facility_reading.find_many_histories(lender.ctx, [facility.id])
    told = [entry.told for entry in history[facility.id] if isinstance(entry.told, InterestAccrued)]
    assert [(each.cents, each.days) for each in told] == [(0, 17)]
    await assert_clean(lender.app)


async def test_what_is_drawn_later_accrues_from_then_on(lender: Lender) -> None:
    facility = await undrawn(lender)
    await lender.until(date(2026, 2, 3))
    await lender.disburse(facility.id, 100_000)
    await settle(lender.app)
    await lender.until(date(2026, 2, 6))
    assert await interest_transactions(lender) == 3
    await lender.until(date(2026, 3, 1))
    # 26 days of 12 % on 100,000
    assert (await lender.balance(facility.id))["interest_total"] == 26 * 33
    await assert_clean(lender.app)
