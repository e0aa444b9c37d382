"""Paying: what is taken and what is refused, where it goes, the payoff, and many at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from lana.app import App
from lana.core.credit import Facility, FacilityStatus
from lana.core.credit.allocation.entity import Allocation
from lana.core.credit.allocation.repo import AllocationRepo
from lana.core.credit.cycle.repo import CycleRepo
from lana.core.credit.facility.errors import PaymentBeforeFacilityActivation, PaymentOnClosedFacility
from lana.core.credit.history import IncrementalPayment
from lana.core.credit.payment.errors import AmountIsZero, PaymentAmountGreaterThanOutstandingObligations
from lana.core.credit.payment.repo import PaymentRepo
from lana.core.credit.primitives import ObligationStatus, ObligationType
from lana.core.credit.proposal.errors import CanNotCreateProposalForClosedOrFrozenAccount
from lana.core.terms import TermValues
from lana.lib.authz import Ctx, Subject
from lana.lib.errors import NotAuthorized, NotFound, Refusal
from lana.lib.es.op import Op
from lana.lib.money import Satoshis, UsdCents
from tests.support.lending import BITCOIN, Lender, terms
from tests.support.loan_life import by_committee, obligations_of, posted, refused, told
from tests.support.price_feed import go_stale
from tests.support.proof import assert_clean, no_effect, settle

pytestmark = pytest.mark.asyncio

PRICE = 10_000_000
TODAY = date(2026, 1, 15)
TooMuch = PaymentAmountGreaterThanOutstandingObligations


@pytest.fixture
def lender(app: App, superuser: Ctx) -> Lender:
    return Lender(app, superuser)


async def loan(lender: Lender, amount: int = 100_000, values: TermValues | None = None) -> Facility:
    await lender.price(PRICE)
    return await lender.active(amount, BITCOIN, values or terms(fee="0"))


async def pay_on(lender: Lender, facility: Facility, amount: int, effective: date) -> Facility:
    verb = lender.credit.payments.record_with_date
    return await lender.app.commands.run(lender.ctx, verb, facility.id, UsdCents(amount), effective)


async def put_in(lender: Lender, facility: Facility, amount: int) -> None:
    account_id = facility.disbursal_credit_account_id
    await lender.app.commands.run(lender.ctx, lender.app.deposits.record_deposit, account_id, amount)


async def allocations_of(lender: Lender, facility: Facility) -> Sequence[Allocation]:
    """The oldest first."""
    return (await AllocationRepo(lender.app.db).of_parent(facility.id))[::-1]


async def payment_ids(lender: Lender, facility: Facility) -> Sequence[UUID]:
    return [each.id for each in await PaymentRepo(lender.app.db).of_parent(facility.id)]


# --- where it goes ------------------------------------------------------------------------------------------


async def test_interest_is_paid_before_principal_each_with_a_share_of_its_own(lender: Lender) -> None:
    facility = await loan(lender)
    await lender.until(date(2026, 2, 2))
    await lender.pay(facility.id, 50_561)
    interest, principal = await allocations_of(lender, facility)
    assert (interest.obligation_type, interest.amount) == (ObligationType.INTEREST, 561)
    assert (principal.obligation_type, principal.amount) == (ObligationType.DISBURSAL, 50_000)
    assert interest.payment_allocation_idx == principal.payment_allocation_idx == 1
    (payment_id,) = await payment_ids(lender, facility)
    assert {interest.payment_id, principal.payment_id} == {payment_id}
    assert await posted(lender, payment_id, interest.id, principal.id) == [
        "RECORD_PAYMENT",
        "RECORD_PAYMENT_ALLOCATION",
        "RECORD_PAYMENT_ALLOCATION",
    ]
    await assert_clean(lender.app)


async def test_the_answer_shows_the_payment_already(lender: Lender) -> None:
    facility = await loan(lender)
    answered = await lender.pay(facility.id, 40_000)
    assert answered.position.exposure == 60_000
    assert answered.position == (await lender.facility(facility.id)).position


async def test_everybody_hears_of_the_payment_its_shares_and_what_they_completed(lender: Lender) -> None:
    facility = await loan(lender)
    await lender.until(date(2026, 2, 2))
    await lender.pay(facility.id, 1_000)
    (payment,) = await told(lender, "PaymentCreated")
    assert (payment["beneficiary_id"], payment["amount"]) == (str(facility.id), 1_000)
    shares = await told(lender, "PaymentAllocationCreated")
    assert [(each["obligation_type"], each["amount"]) for each in shares] == [
        ("interest", 561),
        ("disbursal", 439),
    ]
    (completed,) = await told(lender, "ObligationCompleted")
    assert (completed["initial_amount"], completed["outstanding_amount"]) == (561, 0)
    history = await lender.credit.facility_reading.find_many_histories(lender.ctx, [facility.id])
    entries = [each.told for each in history[facility.id] if isinstance(each.told, IncrementalPayment)]
    assert [each.cents for each in entries] == [439, 561]
    assert [str(each.payment_id) for each in entries] == [each["id"] for each in shares][::-1]


async def test_shares_of_one_obligation_are_numbered(lender: Lender) -> None:
    facility = await loan(lender)
    for _ in range(3):
        await lender.pay(facility.id, 1_000)
    assert [each.payment_allocation_idx for each in await allocations_of(lender, facility)] == [1, 2, 3]


async def test_what_is_overdue_is_paid_where_it_stands(lender: Lender) -> None:
    facility = await loan(lender, values=terms(fee="0", overdue_days=5))
    await lender.until(date(2026, 2, 6))
    (_, interest) = await obligations_of(lender, facility.id)
    assert interest.status is ObligationStatus.OVERDUE
    await lender.pay(facility.id, 561)
    (share,) = await allocations_of(lender, facility)
    assert share.amount == 561
    balance = await lender.balance(facility.id)
    assert (balance["interest"], balance["interest_payable"]) == (0, 0)
    position = (await lender.facility(facility.id)).position
    assert (position.outstanding.interest, position.payable.interest) == (0, 0)
    await assert_clean(lender.app)


async def test_a_payment_lifts_the_loan_out_of_its_margin_call(lender: Lender) -> None:
    facility = await loan(lender, 5_000_000)
    await lender.price(6_000_000)
    under = await lender.facility(facility.id)
    assert under.collateralization_state.value == "under_margin_call_threshold"
    # 6,000,000 / 4,580,153 is 131 %, beyond the buffer
    after = await lender.pay(facility.id, 5_000_000 - 4_580_152)
    assert after.collateralization_state.value == "fully_collateralized"
    await assert_clean(lender.app)


async def test_what_was_paid_before_burdens_no_payment(lender: Lender) -> None:
    """However old a loan is, a payment reads and guards what is still owed."""
    facility = await loan(lender, 5_000_000, terms(fee="0", single=False, months=24))
    for _ in range(3):
        await lender.disburse(facility.id, 100_000)
        await settle(lender.app)
        await lender.pay(facility.id, 100_000)
    await lender.disburse(facility.id, 100_000)
    await settle(lender.app)
    op = lender.app.commands.new_op(lender.ctx)
    await lender.credit.payments.record(op, facility.id, UsdCents(1_000))
    assert sum(kind == "obligation" for kind, _ in op.tracked) == 1
    assert len(await obligations_of(lender, facility.id)) == 4


# --- what is refused ----------------------------------------------------------------------------------------


async def test_the_ceiling_is_what_is_owed_not_yet_due_included(lender: Lender) -> None:
    facility = await loan(lender)
    await put_in(lender, facility, 50_000)
    async with no_effect(lender.app.db):
        with pytest.raises(TooMuch):
            await lender.pay(facility.id, 100_001)
    await lender.pay(facility.id, 100_000)
    assert (await lender.balance(facility.id))["uncovered"] == 0


async def test_a_disbursal_that_is_not_settled_is_not_owed(lender: Lender) -> None:
    facility = await loan(lender, 5_000_000, terms(fee="0", single=False, months=24))
    await put_in(lender, facility, 500_000)
    await by_committee(lender)
    await lender.disburse(facility.id, 100_000)
    assert (await lender.balance(facility.id))["uncovered"] == 100_000
    with pytest.raises(TooMuch):
        await lender.pay(facility.id, 1)


async def test_nothing_is_no_payment(lender: Lender) -> None:
    facility = await loan(lender)
    async with no_effect(lender.app.db):
        with pytest.raises(AmountIsZero):
            await lender.pay(facility.id, 0)


async def test_more_than_the_account_holds_is_refused_by_the_ledger(lender: Lender) -> None:
    facility = await loan(lender, values=terms(fee="5"))
    assert await lender.held(facility.disbursal_credit_account_id) == 95_000
    async with no_effect(lender.app.db):
        with pytest.raises(Refusal, match="Velocity limit exceeded"):
            await lender.pay(facility.id, 95_001)
    await lender.pay(facility.id, 95_000)


async def test_a_frozen_account_pays_nothing_whatever_else_is_wrong(lender: Lender) -> None:
    facility = await loan(lender)
    accounts, run = lender.app.deposit_accounts, lender.app.commands.run
    await run(lender.ctx, accounts.freeze_account, facility.disbursal_credit_account_id)
    for amount in (0, 1, 100_001):
        with pytest.raises(CanNotCreateProposalForClosedOrFrozenAccount):
            await lender.pay(facility.id, amount)


async def test_a_closed_facility_takes_no_payment(lender: Lender) -> None:
    facility = await loan(lender)
    await lender.pay(facility.id, 100_000)
    assert (await lender.complete(facility.id)).status is FacilityStatus.CLOSED
    with pytest.raises(PaymentOnClosedFacility):
        await lender.pay(facility.id, 1)


async def test_who_may_not_is_told_so_before_anything_else(lender: Lender) -> None:
    nobody = Ctx(subject=Subject.user(uuid4()), request_id="test")
    payments, run = lender.credit.payments, lender.app.commands.run
    with pytest.raises(NotAuthorized):
        await run(nobody, payments.record, uuid4(), UsdCents(0))
    with pytest.raises(NotAuthorized):
        await run(nobody, payments.record_with_date, uuid4(), UsdCents(0), date.min)
    with pytest.raises(NotFound):
        await lender.pay(uuid4(), 1)


async def test_payments_need_no_fresh_price(lender: Lender, monkeypatch: pytest.MonkeyPatch) -> None:
    facility = await loan(lender)
    await go_stale(lender.app, monkeypatch)
    await lender.pay(facility.id, 1_000)
    assert (await lender.balance(facility.id))["disbursed"] == 99_000


# --- on a day -----------------------------------------------------------------------------------------------


async def test_a_payment_takes_effect_on_the_day_it_names_also_a_future_one(lender: Lender) -> None:
    facility = await loan(lender)
    await lender.until(date(2026, 1, 20))
    days = [TODAY, date(2026, 1, 18), date(2026, 3, 1)]
    for day in days:
        await pay_on(lender, facility, 1_000, day)
    assert [each.effective for each in await allocations_of(lender, facility)] == days
    rows = await lender.app.db.fetch(
        "select effective from cala.transactions where id = any(%b::uuid[]) order by effective",
        [list(await payment_ids(lender, facility))],
    )
    assert [row[0] for row in rows] == days
    await assert_clean(lender.app)


async def test_a_day_before_the_activation_is_refused(lender: Lender) -> None:
    facility = await loan(lender)
    async with no_effect(lender.app.db):
        with pytest.raises(PaymentBeforeFacilityActivation):
            await pay_on(lender, facility, 1_000, TODAY - timedelta(days=1))


async def test_interest_that_accrued_is_not_corrected_by_a_payment_of_the_past(lender: Lender) -> None:
    facility = await loan(lender)
    await lender.until(date(2026, 1, 25))
    await pay_on(lender, facility, 50_000, TODAY)
    await lender.until(date(2026, 2, 1))
    # ten days had accrued at 33 cents by then, seven follow at 17
    assert (await lender.balance(facility.id))["interest_total"] == 10 * 33 + 7 * 17


# --- the payoff ---------------------------------------------------------------------------------------------


async def test_exactly_the_payoff_posts_the_interest_accrued_so_far_and_pays_all(lender: Lender) -> None:
    facility = await loan(lender)
    await put_in(lender, facility, 1_000)
    await lender.until(date(2026, 1, 25))
    quote = await lender.credit.completions.payoff(lender.ctx, facility)
    assert (quote.principal, quote.posted_interest, quote.accrued_interest) == (100_000, 0, 330)
    for wrong in (100_001, 100_329, 100_331):
        async with no_effect(lender.app.db):
            with pytest.raises(TooMuch):
                await lender.pay(facility.id, wrong)
    paid = await lender.pay(facility.id, quote.total)
    assert paid.position.exposure == 0
    interest = (await obligations_of(lender, facility.id))[-1]
    assert (interest.amount, interest.due_date, interest.effective) == (
        330,
        date(2026, 1, 25),
        date(2026, 1, 24),
    )
    balance = await lender.balance(facility.id)
    assert (balance["interest_total"], balance["uncovered"], balance["unapplied"]) == (330, 0, 0)
    await assert_clean(lender.app)


async def test_after_a_payoff_the_next_cycle_goes_on_from_the_next_day_and_nothing_accrues(
    lender: Lender,
) -> None:
    facility = await loan(lender)
    await put_in(lender, facility, 1_000)
    await lender.until(date(2026, 1, 25))
    paid = await lender.pay(facility.id, 100_330)
    assert paid.cycle is not None
    assert (paid.cycle.idx, paid.cycle.period.start, paid.cycle.period.end) == (
        2,
        date(2026, 1, 25),
        date(2026, 1, 31),
    )
    await lender.until(date(2026, 2, 3))
    cycles = await CycleRepo(lender.app.db).of_parent(facility.id)
    assert sorted(each.idx for each in cycles) == [1, 2, 3]
    assert (await lender.balance(facility.id))["interest_total"] == 330
    closed = await lender.complete(facility.id)
    assert closed.status is FacilityStatus.CLOSED
    await assert_clean(lender.app)


async def test_a_payoff_takes_effect_today_only(lender: Lender) -> None:
    facility = await loan(lender)
    await put_in(lender, facility, 1_000)
    await lender.until(date(2026, 1, 25))
    for day in (date(2026, 1, 24), date(2026, 1, 26)):
        with pytest.raises(TooMuch):
            await pay_on(lender, facility, 100_330, day)
    await pay_on(lender, facility, 100_330, date(2026, 1, 25))
    assert (await lender.balance(facility.id))["uncovered"] == 0


async def test_a_payoff_includes_interest_posted_and_accrued(lender: Lender) -> None:
    facility = await loan(lender)
    await put_in(lender, facility, 5_000)
    await lender.until(date(2026, 2, 10))
    facility = await lender.facility(facility.id)
    quote = await lender.credit.completions.payoff(lender.ctx, facility)
    assert (quote.posted_interest, quote.accrued_interest) == (561, 9 * 33)
    await lender.pay(facility.id, quote.total)
    assert (await lender.credit.completions.payoff(lender.ctx, facility)).total == 0
    await assert_clean(lender.app)


# --- proceeds of a liquidation ------------------------------------------------------------------------------


async def sent_to_sale(lender: Lender) -> Facility:
    """5,000,000 owed, and the coins are out to be sold."""
    facility = await loan(lender, 5_000_000)
    await lender.price(5_200_000)
    verb = lender.credit.liquidations.record_sent
    await lender.app.commands.run(lender.ctx, verb, facility.collateral_id, Satoshis(99_000_000))
    return facility


async def sold(lender: Lender, facility: Facility, amount: int) -> None:
    verb = lender.credit.liquidations.record_proceeds
    await lender.app.commands.run(lender.ctx, verb, facility.collateral_id, UsdCents(amount))


async def test_what_a_sale_brought_beyond_the_debt_is_the_customers(lender: Lender) -> None:
    facility = await sent_to_sale(lender)
    await sold(lender, facility, 5_100_000)
    assert (await lender.balance(facility.id))["uncovered"] == 0
    assert await lender.held(facility.disbursal_credit_account_id) == 5_000_000 + 100_000
    await assert_clean(lender.app)


async def test_also_while_the_customers_account_is_frozen_it_joins_what_is_frozen(lender: Lender) -> None:
    facility = await sent_to_sale(lender)
    accounts, run = lender.app.deposit_accounts, lender.app.commands.run
    account_id = facility.disbursal_credit_account_id
    await run(lender.ctx, accounts.freeze_account, account_id)
    await sold(lender, facility, 5_100_000)
    balance = (await accounts.find_many_balances(lender.ctx, [account_id]))[account_id]
    assert (balance.settled, balance.frozen) == (0, 5_100_000)
    await assert_clean(lender.app)
    await run(lender.ctx, accounts.unfreeze_account, account_id)
    assert await lender.held(account_id) == 5_100_000
    await assert_clean(lender.app)


async def test_beside_freezing_and_unfreezing_no_cent_stays_behind(lender: Lender) -> None:
    accounts, run = lender.app.deposit_accounts, lender.app.commands.run
    for frozen_before in (True, False) * 3:
        facility = await sent_to_sale(lender)
        account_id = facility.disbursal_credit_account_id
        if frozen_before:
            await run(lender.ctx, accounts.freeze_account, account_id)
        verb = accounts.unfreeze_account if frozen_before else accounts.freeze_account
        await asyncio.gather(sold(lender, facility, 5_100_000), run(lender.ctx, verb, account_id))
        balance = (await accounts.find_many_balances(lender.ctx, [account_id]))[account_id]
        there = (balance.settled, balance.frozen)
        assert there == ((5_100_000, 0) if frozen_before else (0, 5_100_000))
    await assert_clean(lender.app)


async def test_an_account_unfrozen_upon_an_older_look_is_looked_at_again(lender: Lender) -> None:
    """The proceeds come between the decision to unfreeze and its commit."""
    facility = await sent_to_sale(lender)
    accounts, run = lender.app.deposit_accounts, lender.app.commands.run
    account_id = facility.disbursal_credit_account_id
    await run(lender.ctx, accounts.freeze_account, account_id)
    tries = 0

    async def unfreeze(op: Op) -> None:
        nonlocal tries
        tries += 1
        await accounts.unfreeze_account(op, account_id)
        if tries == 1:
            await sold(lender, facility, 5_100_000)

    await run(lender.ctx, unfreeze)
    assert tries == 2
    assert await lender.held(account_id) == 5_100_000
    await assert_clean(lender.app)


# --- at the same moment -------------------------------------------------------------------------------------


async def test_fifty_payoffs_at_once_pay_once(lender: Lender) -> None:
    facility = await loan(lender)
    await put_in(lender, facility, 900_000)
    await lender.until(date(2026, 1, 25))
    results = await asyncio.gather(
        *(lender.pay(facility.id, 100_330) for _ in range(50)), return_exceptions=True
    )
    refusals = refused(results)
    assert len(refusals) == 49
    assert all(isinstance(each, TooMuch) for each in refusals)
    assert await lender.held(facility.disbursal_credit_account_id) == 1_000_000 - 100_330
    await assert_clean(lender.app)


async def test_fifty_payments_of_many_loans_beside_their_end_of_day(lender: Lender) -> None:
    """Interest accrues on what was owed before a payment or after it; books and loans agree in either case."""
    await lender.price(PRICE)
    facilities = [await lender.active(100_000, BITCOIN, terms(fee="0")) for _ in range(5)]
    for _ in range(20):
        clock = await lender.app.commands.run(lender.ctx, lender.app.time.advance_to_next_end_of_day)
        await lender.app.time.after_advance(clock)
        acts = [lender.pay(each.id, 100) for each in facilities for _ in range(2)]
        assert (
            refused(await asyncio.gather(lender.app.end_of_day.tick(), *acts, return_exceptions=True)) == []
        )
    for each in facilities:
        balance = await lender.balance(each.id)
        assert balance["disbursed"] + balance["interest"] == 100_000 + balance["interest_total"] - 40 * 100
        assert (balance["unapplied"], balance["uncovered"]) == (0, balance["disbursed"] + balance["interest"])
    await assert_clean(lender.app)


async def test_a_disbursal_beside_payments_is_owed_in_full(lender: Lender) -> None:
    facility = await loan(lender, 5_000_000, terms(fee="0", single=False, months=24))
    await lender.disburse(facility.id, 100_000)
    await settle(lender.app)
    await by_committee(lender)
    second = await lender.disburse(facility.id, 300_000)
    conclude = lender.credit.disbursals.conclude_approval
    results = await asyncio.gather(
        *(lender.pay(facility.id, 10_000) for _ in range(10)),
        lender.app.commands.run(Ctx.system("test"), conclude, second.id, True),
        return_exceptions=True,
    )
    assert refused(results) == []
    assert (await lender.balance(facility.id))["disbursed"] == 300_000
    await assert_clean(lender.app)
