"""Drawing on a facility: checks in their order, what is reserved, the bank's decision, paying out or not."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from lana.app import App
from lana.core.credit import Disbursal, DisbursalStatus, Facility, disbursals
from lana.core.credit.disbursal.errors import AmountIsZero, TooManyDisbursals
from lana.core.credit.facility.errors import (
    BelowMarginLimit,
    DisbursalOnInactiveFacility,
    DisbursalPastMaturityDate,
    OnlyOneDisbursalAllowed,
)
from lana.core.credit.primitives import DenialReason
from lana.core.customer import CustomerNotEligibleForProduct
from lana.core.deposit import HistoryKind
from lana.lib.authz import Ctx, Subject
from lana.lib.errors import NotAuthorized, NotFound, Refusal
from lana.lib.money import UsdCents
from lana.lib.pg.page import Page
from tests.support.lending import BITCOIN, Lender, terms
from tests.support.loan_life import (
    by_committee,
    decide,
    disbursal_of,
    obligations_of,
    posted,
    refused,
    told,
)
from tests.support.price_feed import go_by, go_stale
from tests.support.proof import assert_clean, no_effect, settle

pytestmark = pytest.mark.asyncio

PRICE = 10_000_000
LINE = terms(rate="10", fee="0", months=24, single=False)


@pytest.fixture
def lender(app: App, superuser: Ctx) -> Lender:
    return Lender(app, superuser)


async def line(lender: Lender, amount: int = 5_000_000, satoshis: int = BITCOIN) -> Facility:
    await lender.price(PRICE)
    return await lender.active(amount, satoshis, LINE)


async def thin(lender: Lender) -> Facility:
    """Of 20,000,000, with collateral of 10,000,000 by now: 125 % of 8,000,000."""
    facility = await line(lender, 20_000_000, 250_000_000)
    await lender.price(4_000_000)
    return facility


async def drawn(lender: Lender, facility: Facility, amount: int) -> Disbursal:
    """Initiated, and it waits for the committee."""
    await by_committee(lender)
    disbursal = await lender.disburse(facility.id, amount)
    await settle(lender.app)
    return disbursal


# --- initiated ----------------------------------------------------------------------------------------------


async def test_initiated_its_amount_is_reserved_until_the_bank_decides(lender: Lender) -> None:
    facility = await line(lender)
    disbursal = await drawn(lender, facility, 1_000_000)
    stored = await disbursal_of(lender, disbursal.id)
    assert stored.status is DisbursalStatus.NEW
    assert stored.approval_process_id == stored.id
    balance = await lender.balance(facility.id)
    assert (balance["remaining"], balance["disbursed"]) == (4_000_000, 0)
    assert balance["uncovered"] == 1_000_000
    assert (await lender.facility(facility.id)).position.reserved == 1_000_000
    assert await posted(lender, stored.id) == ["INITIATE_CREDIT_FACILITY_DISBURSAL"]
    process = await lender.app.governance.maybe_find_process(lender.ctx, stored.id)
    assert process is not None
    assert process.in_progress
    found = await lender.app.public_ids.find(stored.public_id)
    assert found is not None
    await assert_clean(lender.app)


async def test_what_is_reserved_counts_in_the_ratio(lender: Lender) -> None:
    facility = await thin(lender)
    await by_committee(lender)
    await lender.disburse(facility.id, 5_000_000)
    async with no_effect(lender.app.db):
        with pytest.raises(BelowMarginLimit):
            await lender.disburse(facility.id, 3_000_001)
    await lender.disburse(facility.id, 3_000_000)
    await assert_clean(lender.app)


async def test_more_than_remains_is_refused_by_the_ledger_and_leaves_nothing(lender: Lender) -> None:
    facility = await line(lender)
    await drawn(lender, facility, 3_000_000)
    async with no_effect(lender.app.db):
        with pytest.raises(Refusal, match="Velocity limit exceeded"):
            await lender.disburse(facility.id, 2_000_001)
    await lender.disburse(facility.id, 2_000_000)
    assert (await lender.balance(facility.id))["remaining"] == 0


async def test_nothing_cannot_be_drawn(lender: Lender) -> None:
    facility = await line(lender)
    async with no_effect(lender.app.db):
        with pytest.raises(AmountIsZero):
            await lender.disburse(facility.id, 0)


async def test_a_facility_nobody_knows_is_not_found(lender: Lender) -> None:
    with pytest.raises(NotFound):
        await lender.disburse(uuid4(), 1)


async def test_who_may_not_is_told_so_before_anything_else(lender: Lender) -> None:
    nobody = Ctx(subject=Subject.user(uuid4()), request_id="test")
    with pytest.raises(NotAuthorized):
        await lender.app.commands.run(nobody, lender.credit.disbursals.initiate, uuid4(), UsdCents(0))


async def test_a_single_disbursal_is_all_there_is(lender: Lender) -> None:
    await lender.price(PRICE)
    facility = await lender.active(100_000, BITCOIN, terms())
    with pytest.raises(OnlyOneDisbursalAllowed):
        await lender.disburse(facility.id, 1)


async def test_a_customer_who_is_frozen_draws_nothing_whatever_else_is_wrong(lender: Lender) -> None:
    await lender.price(PRICE)
    facility = await lender.active(100_000, BITCOIN, terms())
    await lender.app.commands.run(lender.ctx, lender.app.customers.freeze_customer, facility.customer_id)
    with pytest.raises(CustomerNotEligibleForProduct):
        await lender.disburse(facility.id, 0)


async def test_the_ratio_is_looked_at_before_the_amount(lender: Lender) -> None:
    facility = await thin(lender)
    await lender.disburse(facility.id, 8_000_000)
    await settle(lender.app)
    await lender.price(3_999_999)
    with pytest.raises(BelowMarginLimit):
        await lender.disburse(facility.id, 0)


async def test_a_facility_has_no_more_disbursals_than_are_read_at_once(
    lender: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disbursals, "MAX_DISBURSALS", 2)
    facility = await line(lender)
    denied = await drawn(lender, facility, 1_000)
    await lender.disburse(facility.id, 1_000)
    async with no_effect(lender.app.db):
        with pytest.raises(TooManyDisbursals):
            await lender.disburse(facility.id, 1_000)
    await decide(lender, denied.id, approved=False)
    results = await asyncio.gather(
        *(lender.disburse(facility.id, 1_000) for _ in range(4)), return_exceptions=True
    )
    assert {type(each) for each in refused(results)} == {TooManyDisbursals}
    assert len(refused(results)) == 3
    await assert_clean(lender.app)


async def test_it_ends_with_the_day_before_maturity(lender: Lender) -> None:
    await lender.price(PRICE)
    facility = await lender.active(5_000_000, BITCOIN, terms(fee="0", months=1, single=False))
    await lender.until(date(2026, 2, 14))
    await lender.disburse(facility.id, 1_000)
    clock = await lender.app.commands.run(lender.ctx, lender.app.time.advance_to_next_end_of_day)
    await lender.app.time.after_advance(clock)
    with pytest.raises(DisbursalPastMaturityDate):
        await lender.disburse(facility.id, 1_000)
    await lender.app.end_of_day.tick()
    with pytest.raises(DisbursalOnInactiveFacility):
        await lender.disburse(facility.id, 1_000)


# --- decided ------------------------------------------------------------------------------------------------


async def test_approved_it_is_paid_out_and_owed(lender: Lender) -> None:
    facility = await line(lender)
    disbursal = await drawn(lender, facility, 1_000_000)
    await decide(lender, disbursal.id, approved=True)
    stored = await disbursal_of(lender, disbursal.id)
    assert stored.status is DisbursalStatus.CONFIRMED
    assert await posted(lender, *stored.ledger_tx_ids) == [
        "INITIATE_CREDIT_FACILITY_DISBURSAL",
        "CONFIRM_DISBURSAL",
    ]
    (owed,) = await obligations_of(lender, facility.id)
    assert stored.obligation_id == owed.id
    assert (owed.amount, owed.reference) == (1_000_000, f"disbursal-{stored.id}")
    assert (owed.due_date, owed.ledger_tx_id) == (facility.maturity_date, stored.ledger_tx_ids[1])
    assert await lender.held(facility.disbursal_credit_account_id) == 1_000_000
    balance = await lender.balance(facility.id)
    assert (balance["remaining"], balance["disbursed"], balance["uncovered"]) == (
        4_000_000,
        1_000_000,
        1_000_000,
    )
    position = (await lender.facility(facility.id)).position
    assert (position.outstanding.disbursed, position.reserved) == (1_000_000, 0)
    (settled,), (concluded,) = [
        await told(lender, name) for name in ("DisbursalSettled", "DisbursalApprovalConcluded")
    ]
    assert settled == concluded
    assert settled["status"] == "confirmed"
    assert settled["settlement"] == {"tx_id": str(stored.ledger_tx_ids[1]), "effective": "2026-01-15"}
    await assert_clean(lender.app)


async def test_denied_its_amount_is_available_again_under_a_transaction_of_its_own(lender: Lender) -> None:
    facility = await line(lender)
    disbursal = await drawn(lender, facility, 1_000_000)
    await decide(lender, disbursal.id, approved=False)
    stored = await disbursal_of(lender, disbursal.id)
    assert (stored.status, stored.denial_reason) == (DisbursalStatus.DENIED, None)
    initiated, cancelled = stored.ledger_tx_ids
    assert initiated != cancelled
    assert await posted(lender, cancelled) == ["CANCEL_DISBURSAL"]
    balance = await lender.balance(facility.id)
    assert (balance["remaining"], balance["disbursed"], balance["uncovered"]) == (5_000_000, 0, 0)
    assert (await lender.facility(facility.id)).position.reserved == 0
    assert await obligations_of(lender, facility.id) == []
    assert await told(lender, "DisbursalSettled") == []
    (concluded,) = await told(lender, "DisbursalApprovalConcluded")
    assert (concluded["status"], concluded.get("settlement")) == ("denied", None)
    await assert_clean(lender.app)


async def test_below_the_margin_call_at_approval_it_is_cancelled_and_says_why(lender: Lender) -> None:
    facility = await line(lender, 8_000_000)
    disbursal = await drawn(lender, facility, 8_000_000)
    await lender.price(PRICE - 1)
    await decide(lender, disbursal.id, approved=True)
    stored = await disbursal_of(lender, disbursal.id)
    assert stored.is_approved
    assert (stored.status, stored.denial_reason) == (
        DisbursalStatus.DENIED,
        DenialReason.BELOW_MARGIN_LIMIT,
    )
    assert (await lender.balance(facility.id))["remaining"] == 8_000_000
    await assert_clean(lender.app)


async def test_at_approval_all_that_is_reserved_counts(lender: Lender) -> None:
    """The first alone would pass; with the second beside it the collateral is not enough any more."""
    facility = await line(lender, 8_000_000)
    first = await drawn(lender, facility, 4_000_000)
    second = await lender.disburse(facility.id, 4_000_000)
    await lender.price(PRICE - 1)
    await decide(lender, first.id, approved=True)
    await decide(lender, second.id, approved=True)
    assert (await disbursal_of(lender, first.id)).denial_reason is DenialReason.BELOW_MARGIN_LIMIT
    assert (await disbursal_of(lender, second.id)).status is DisbursalStatus.CONFIRMED
    await assert_clean(lender.app)


async def test_with_a_stale_price_it_waits_and_is_paid_out_at_the_next_fresh_one(
    lender: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    facility = await line(lender)
    disbursal = await drawn(lender, facility, 1_000_000)
    await go_stale(lender.app, monkeypatch)
    await decide(lender, disbursal.id, approved=True)
    waiting = await disbursal_of(lender, disbursal.id)
    assert waiting.awaits_settlement
    assert waiting.status is DisbursalStatus.NEW
    (concluded,) = await told(lender, "DisbursalApprovalConcluded")
    assert (concluded["status"], concluded.get("settlement")) == ("new", None)
    await lender.credit.margin_monitor.sweep()
    assert (await disbursal_of(lender, disbursal.id)).awaits_settlement
    monkeypatch.undo()
    await lender.price(PRICE + 1)
    assert (await disbursal_of(lender, disbursal.id)).status is DisbursalStatus.CONFIRMED
    settled = (await lender.credit.disbursals.repo.events(disbursal.id, limit=1))[0]
    assert (settled.event_type, settled.subject) == ("settled", "system:disbursal-approval")
    assert settled.audit_entry_id is not None
    assert await told(lender, "DisbursalApprovalConcluded") == [concluded]
    assert [each["status"] for each in await told(lender, "DisbursalSettled")] == ["confirmed"]
    await assert_clean(lender.app)


async def test_cancelled_after_it_waited_its_conclusion_is_told_again(
    lender: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    facility = await line(lender, 8_000_000)
    disbursal = await drawn(lender, facility, 8_000_000)
    await go_stale(lender.app, monkeypatch)
    await decide(lender, disbursal.id, approved=True)
    monkeypatch.undo()
    await lender.price(PRICE - 1)
    assert (await disbursal_of(lender, disbursal.id)).denial_reason is DenialReason.BELOW_MARGIN_LIMIT
    concluded = await told(lender, "DisbursalApprovalConcluded")
    assert [each["status"] for each in concluded] == ["new", "denied"]
    await assert_clean(lender.app)


async def test_of_the_first_one_too_everybody_hears_that_it_is_approved(lender: Lender) -> None:
    await lender.price(PRICE)
    await lender.active(100_000, BITCOIN, terms(fee="0"))
    (concluded,) = await told(lender, "DisbursalApprovalConcluded")
    assert concluded["status"] == "confirmed"
    assert await told(lender, "DisbursalSettled") == [concluded]


async def test_a_denial_does_not_wait_for_a_price(lender: Lender, monkeypatch: pytest.MonkeyPatch) -> None:
    facility = await line(lender)
    disbursal = await drawn(lender, facility, 1_000_000)
    await go_stale(lender.app, monkeypatch)
    await decide(lender, disbursal.id, approved=False)
    assert (await disbursal_of(lender, disbursal.id)).status is DisbursalStatus.DENIED


async def test_it_waits_for_an_account_that_is_frozen(lender: Lender) -> None:
    facility = await line(lender)
    disbursal = await drawn(lender, facility, 1_000_000)
    accounts, run = lender.app.deposit_accounts, lender.app.commands.run
    await run(lender.ctx, accounts.freeze_account, facility.disbursal_credit_account_id)
    await decide(lender, disbursal.id, approved=True)
    assert (await disbursal_of(lender, disbursal.id)).awaits_settlement
    await run(lender.ctx, accounts.unfreeze_account, facility.disbursal_credit_account_id)
    await lender.price(PRICE + 1)
    assert (await disbursal_of(lender, disbursal.id)).status is DisbursalStatus.CONFIRMED
    await assert_clean(lender.app)


async def test_of_a_facility_that_matured_meanwhile_it_is_cancelled(lender: Lender) -> None:
    """It would bear no interest and be due before it is paid out."""
    await lender.price(PRICE)
    facility = await lender.active(5_000_000, BITCOIN, terms(fee="0", months=1, single=False))
    disbursal = await drawn(lender, facility, 1_000_000)
    await lender.until(date(2026, 2, 15))
    await decide(lender, disbursal.id, approved=True)
    ended = await disbursal_of(lender, disbursal.id)
    assert (ended.status, ended.denial_reason) == (DisbursalStatus.DENIED, DenialReason.PAST_MATURITY)
    assert await obligations_of(lender, facility.id) == []
    balance = await lender.balance(facility.id)
    assert (balance["remaining"], balance["disbursed"]) == (5_000_000, 0)
    await assert_clean(lender.app)


async def test_the_customers_account_tells_disbursals_from_what_was_paid_back(lender: Lender) -> None:
    facility = await line(lender)
    await lender.disburse(facility.id, 1_000_000)
    await settle(lender.app)
    await lender.pay(facility.id, 1_000)
    account_id = facility.disbursal_credit_account_id
    history = await lender.app.deposit_histories.list_history(lender.ctx, account_id, Page(20))
    assert [(entry.kind, entry.amount) for entry in history.items] == [
        (HistoryKind.UNKNOWN, 1_000),
        (HistoryKind.DISBURSAL, 1_000_000),
    ]


# --- heard twice, and at the same moment --------------------------------------------------------------------


async def test_a_decision_heard_of_many_times_at_once_is_acted_upon_once(lender: Lender) -> None:
    facility = await line(lender)
    first = await drawn(lender, facility, 1_000_000)
    second = await lender.disburse(facility.id, 500_000)
    conclude, ctx = lender.credit.disbursals.conclude_approval, Ctx.system("test")

    async def hear(disbursal: Disbursal, approved: bool) -> None:
        await lender.app.commands.run(ctx, conclude, disbursal.id, approved)

    await asyncio.gather(*(hear(first, True) for _ in range(10)), *(hear(second, False) for _ in range(10)))
    assert (await disbursal_of(lender, first.id)).status is DisbursalStatus.CONFIRMED
    assert (await disbursal_of(lender, second.id)).status is DisbursalStatus.DENIED
    assert len(await obligations_of(lender, facility.id)) == 1
    assert await lender.held(facility.disbursal_credit_account_id) == 1_000_000
    assert (await lender.balance(facility.id))["remaining"] == 4_000_000
    await assert_clean(lender.app)


async def test_a_price_that_falls_at_the_moment_of_paying_out_is_seen_or_comes_after(lender: Lender) -> None:
    """Paid out at the price before, or cancelled at the one after; in no case between them."""
    await by_committee(lender)
    conclude, ctx = lender.credit.disbursals.conclude_approval, Ctx.system("test")
    seen: set[DisbursalStatus] = set()
    for _ in range(6):
        facility = await line(lender, 8_000_000)
        disbursal = await lender.disburse(facility.id, 8_000_000)
        paying = lender.app.commands.run(ctx, conclude, disbursal.id, True)
        await asyncio.gather(paying, go_by(lender.app, PRICE - 1))
        await lender.credit.margin_monitor.sweep()
        status = (await disbursal_of(lender, disbursal.id)).status
        seen.add(status)
        outstanding = (await lender.facility(facility.id)).position.exposure
        assert outstanding == (8_000_000 if status is DisbursalStatus.CONFIRMED else 0)
    assert seen <= {DisbursalStatus.CONFIRMED, DisbursalStatus.DENIED}
    await assert_clean(lender.app)


async def test_the_second_worked_example_with_its_denial(lender: Lender) -> None:
    """26.2: what each step leaves of the line and of what is owed."""
    await lender.price(PRICE)
    values = terms(rate="10", fee="1", months=24, single=False)
    facility = await lender.active(10_000_000, 150_000_000, values)
    await by_committee(lender)

    async def shows(**expected: int) -> None:
        balance: dict[str, Any] = await lender.balance(facility.id)
        assert {name: balance[name] for name in expected} == expected

    await shows(remaining=9_900_000, uncovered=100_000)
    first = await lender.disburse(facility.id, 4_000_000)
    await shows(remaining=5_900_000, uncovered=4_100_000, disbursed=100_000)
    await decide(lender, first.id, approved=True)
    await shows(remaining=5_900_000, uncovered=4_100_000, disbursed=4_100_000)
    second = await lender.disburse(facility.id, 5_000_000)
    await shows(remaining=900_000, uncovered=9_100_000)
    await decide(lender, second.id, approved=False)
    await shows(remaining=5_900_000, uncovered=4_100_000)
    with pytest.raises(Refusal, match="Velocity limit exceeded"):
        await lender.disburse(facility.id, 6_000_000)
    await shows(remaining=5_900_000, uncovered=4_100_000)
    await lender.pay(facility.id, 1_200_000)
    await shows(remaining=5_900_000, uncovered=2_900_000, disbursed=2_900_000)
    assert await lender.held(facility.disbursal_credit_account_id) == 2_800_000
    fee, principal = await obligations_of(lender, facility.id)
    assert (fee.outstanding, principal.outstanding) == (0, 2_900_000)
    await assert_clean(lender.app)
