"""A loan paid off before the end of the day has come to it: no day is lost, and none is taken twice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date

import pytest

from lana.app import App
from lana.core.credit import Facility, FacilityStatus
from lana.core.credit.cycle.repo import CycleRepo
from lana.core.credit.payment.errors import PaymentAmountGreaterThanOutstandingObligations as TooMuch
from lana.lib.authz import Ctx
from tests.support.lending import BITCOIN, Lender, terms
from tests.support.loan_life import obligations_of, refused, told
from tests.support.proof import assert_clean, no_effect

pytestmark = pytest.mark.asyncio

A_DAY = 33
"""Cents of interest on 100,000 at 12 %."""
ACCRUALS = ("CREDIT_FACILITY_ACCRUE_INTEREST", "CREDIT_FACILITY_POST_ACCRUED_INTEREST")


@pytest.fixture
def lender(app: App, superuser: Ctx) -> Lender:
    return Lender(app, superuser)


async def loan(lender: Lender) -> Facility:
    """100,000 from 15 January to 15 April, and enough in the account to pay it off."""
    await lender.price(10_000_000)
    facility = await lender.active(100_000, BITCOIN, terms(fee="0"))
    account_id = facility.disbursal_credit_account_id
    await lender.app.commands.run(lender.ctx, lender.app.deposits.record_deposit, account_id, 5_000)
    return facility


async def advance(lender: Lender, days: int) -> None:
    """To the next closings, and nothing is run."""
    for _ in range(days):
        clock = await lender.app.commands.run(lender.ctx, lender.app.time.advance_to_next_end_of_day)
        await lender.app.time.after_advance(clock)


async def make_up(lender: Lender) -> None:
    """All that was missed."""
    while await lender.app.end_of_day.tick():
        pass


async def close_at(lender: Lender, at: str) -> None:
    verb = lender.app.domain_configs.set_by_key
    await lender.app.commands.run(Ctx.system("test"), verb, "closing-time", at)
    await lender.app.settings.refresh()


async def accrued(lender: Lender, facility: Facility) -> int:
    """What the quote has of it; reading it writes nothing."""
    found = await lender.facility(facility.id)
    async with no_effect(lender.app.db):
        return (await lender.credit.completions.payoff(lender.ctx, found)).accrued_interest


async def pay_off(lender: Lender, facility: Facility) -> None:
    """Exactly what is quoted, and the loan closes; the ends of days find nothing left to do."""
    found = await lender.facility(facility.id)
    quote = await lender.credit.completions.payoff(lender.ctx, found)
    for wrong in (quote.total - 1, quote.total + 1):
        async with no_effect(lender.app.db):
            with pytest.raises(TooMuch):
                await lender.pay(facility.id, wrong)
    await lender.pay(facility.id, quote.total)
    assert (await lender.credit.completions.payoff(lender.ctx, await lender.facility(facility.id))).total == 0
    closed = await lender.complete(facility.id)
    assert closed.status is FacilityStatus.CLOSED
    await make_up(lender)
    assert (await lender.facility(facility.id)).version == closed.version


async def interest_of(lender: Lender, facility: Facility) -> int:
    balance = await lender.balance(facility.id)
    assert (balance["uncovered"], balance["unapplied"], balance["interest"]) == (0, 0, 0)
    return balance["interest_total"]


async def owed_by(lender: Lender, facility: Facility) -> Sequence[tuple[int, date, date]]:
    """Each interest's amount, when it is due, when it took effect."""
    found = [each for each in await obligations_of(lender, facility.id) if not each.is_principal]
    return [(each.amount, each.due_date, each.effective) for each in found]


async def accruals_of(lender: Lender, facility: Facility) -> Sequence[object]:
    """What its cycles say of themselves, and the ledger of them, without ids."""
    cycles = (await CycleRepo(lender.app.db).of_parent(facility.id))[::-1]
    shown = [(each.idx, each.period, each.accruals, each.accrued, each.is_posted) for each in cycles]
    events = [await CycleRepo(lender.app.db).events(each.id, limit=100) for each in cycles]
    types = [[each.event_type for each in reversed(some)] for some in events]
    ids = facility.account_ids
    entries = await lender.app.db.fetch(
        "select p.code, t.effective, e.amount, e.direction, e.layer from cala.entries e"
        " join cala.transactions t on t.id = e.transaction_id join cala.templates p on p.id = t.template_id"
        " where p.code = any(%b::text[]) and e.account_id = any(%b::uuid[]) order by 1, 2, 3, 4, 5",
        [list(ACCRUALS), [ids.interest_receivable_not_yet_due_account_id, ids.interest_income_account_id]],
    )
    return [shown, types, entries]


# --- behind -------------------------------------------------------------------------------------------------


async def test_days_the_run_has_not_come_to_are_quoted_and_paid(lender: Lender) -> None:
    facility = await loan(lender)
    await lender.until(date(2026, 1, 25))
    assert await accrued(lender, facility) == 10 * A_DAY
    await advance(lender, 3)
    assert await accrued(lender, facility) == 13 * A_DAY
    await pay_off(lender, facility)
    assert await interest_of(lender, facility) == 13 * A_DAY
    assert await owed_by(lender, facility) == [(13 * A_DAY, date(2026, 1, 28), date(2026, 1, 27))]
    await assert_clean(lender.app)


async def test_at_midnight_the_day_that_ended_is_owed_before_the_run(lender: Lender) -> None:
    facility = await loan(lender)
    await lender.until(date(2026, 1, 31))
    await advance(lender, 1)
    assert await accrued(lender, facility) == 17 * A_DAY
    await pay_off(lender, facility)
    # January is complete: due when it always is
    assert await owed_by(lender, facility) == [(17 * A_DAY, date(2026, 1, 31), date(2026, 1, 31))]
    await assert_clean(lender.app)


async def test_months_behind_are_posted_each_by_itself(lender: Lender) -> None:
    facility = await loan(lender)
    await lender.until(date(2026, 1, 25))
    await advance(lender, 39)
    assert lender.app.bank_time.today() == date(2026, 3, 5)
    await pay_off(lender, facility)
    assert await owed_by(lender, facility) == [
        (17 * A_DAY, date(2026, 1, 31), date(2026, 1, 31)),
        (28 * A_DAY, date(2026, 2, 28), date(2026, 2, 28)),
        (4 * A_DAY, date(2026, 3, 5), date(2026, 3, 4)),
    ]
    await assert_clean(lender.app)


async def test_after_maturity_nothing_more_is_owed(lender: Lender) -> None:
    facility = await loan(lender)
    await lender.until(date(2026, 4, 10))
    await advance(lender, 10)
    await pay_off(lender, facility)
    assert await interest_of(lender, facility) == 91 * A_DAY
    await assert_clean(lender.app)


@pytest.mark.parametrize("paid_before", [False, True])
async def test_what_is_left_is_what_the_run_would_have_left(lender: Lender, paid_before: bool) -> None:
    """Also where only the completion comes while the run is behind."""
    early, late = await loan(lender), await loan(lender)
    if paid_before:
        for each in (early, late):
            await lender.pay(each.id, 100_000)
    await advance(lender, 20)
    for each in (early, late):
        if not paid_before:
            found = await lender.facility(each.id)
            quote = await lender.credit.completions.payoff(lender.ctx, found)
            assert quote.total == 100_000 + 20 * A_DAY
            await lender.pay(each.id, quote.total)
        await lender.complete(each.id)
        await make_up(lender)
    assert await accruals_of(lender, early) == await accruals_of(lender, late)
    assert await owed_by(lender, early) == await owed_by(lender, late)
    await assert_clean(lender.app)


# --- a closing that is not at midnight ----------------------------------------------------------------------


async def test_a_day_has_ended_at_midnight_whenever_the_bank_closes(lender: Lender) -> None:
    facility = await loan(lender)
    await close_at(lender, "18:00:00")
    await lender.until(date(2026, 1, 27))
    # on the 27th at 18:00 that day still lasts
    assert await accrued(lender, facility) == 12 * A_DAY
    await close_at(lender, "06:00:00")
    await advance(lender, 1)
    await close_at(lender, "18:00:00")
    # on the 28th at 06:00 it is over, and its run is twelve hours away
    assert lender.app.bank_time.now().hour == 6
    assert await lender.app.end_of_day.tick() == 0
    assert await accrued(lender, facility) == 13 * A_DAY
    await pay_off(lender, facility)
    await advance(lender, 2)
    await make_up(lender)
    assert await interest_of(lender, facility) == 13 * A_DAY
    await assert_clean(lender.app)


# --- at the same moment -------------------------------------------------------------------------------------


async def test_the_payoff_quoted_is_taken_beside_the_end_of_the_day(lender: Lender) -> None:
    """Whichever comes first: days within a month, its last one, and the first ones of the next."""
    facilities = [await loan(lender) for _ in range(12)]
    await lender.until(date(2026, 1, 27))
    for first, second in zip(facilities[::2], facilities[1::2], strict=True):
        await advance(lender, 1)
        days = (lender.app.bank_time.today() - date(2026, 1, 15)).days
        quoted = [await lender.facility(each.id) for each in (first, second)]
        quotes = [await lender.credit.completions.payoff(lender.ctx, each) for each in quoted]
        assert [each.total for each in quotes] == [100_000 + days * A_DAY] * 2
        acts = [lender.pay(each.id, 100_000 + days * A_DAY) for each in quoted]
        assert (
            refused(await asyncio.gather(lender.app.end_of_day.tick(), *acts, return_exceptions=True)) == []
        )
        for each in quoted:
            assert (await lender.complete(each.id)).status is FacilityStatus.CLOSED
            assert await interest_of(lender, each) == days * A_DAY
    await make_up(lender)
    await assert_clean(lender.app)


async def test_many_payoffs_behind_pay_once(lender: Lender) -> None:
    facility = await loan(lender)
    await advance(lender, 20)
    total = 100_000 + 20 * A_DAY
    results = await asyncio.gather(
        lender.app.end_of_day.tick(),
        *(lender.pay(facility.id, total) for _ in range(10)),
        return_exceptions=True,
    )
    assert len(refused(results)) == 9
    assert await interest_of(lender, facility) == 20 * A_DAY
    assert await lender.held(facility.disbursal_credit_account_id) == 105_000 - total
    await assert_clean(lender.app)


async def test_who_pays_everything_at_the_edge_sees_no_liquidation(lender: Lender) -> None:
    """With its interest posted, and before it is paid, the loan would lie below the threshold."""
    facility = await loan(lender)
    await lender.until(date(2026, 1, 25))
    await lender.price(105_000)
    await lender.pay(facility.id, (await lender.credit.completions.payoff(lender.ctx, facility)).total)
    assert await told(lender, "PartialLiquidationInitiated") == []
    paid = await lender.facility(facility.id)
    assert (paid.liquidation, paid.position.outstanding.total) == (None, 0)
    assert (await lender.complete(facility.id)).status is FacilityStatus.CLOSED
    await assert_clean(lender.app)
