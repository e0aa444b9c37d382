"""The end of a loan: not while anything is owed; then interest stops, the collateral goes back, and it is closed."""

from __future__ import annotations

import asyncio
from datetime import date
from uuid import uuid4

import pytest

from lana.app import App
from lana.core.credit import CollateralizationState, Facility, FacilityStatus, ReleaseState
from lana.core.credit.collateral.entity import Collateral
from lana.core.credit.collateral.repo import CollateralRepo
from lana.core.credit.cycle.repo import CycleRepo
from lana.core.credit.facility.errors import DisbursalOnInactiveFacility, OutstandingAmount
from lana.core.terms import TermValues
from lana.lib.authz import Ctx, Subject
from lana.lib.errors import NotAuthorized, NotFound
from tests.support.lending import BITCOIN, Lender, terms
from tests.support.loan_life import by_committee, decide, told
from tests.support.price_feed import go_stale
from tests.support.proof import assert_clean, no_effect, settle

pytestmark = pytest.mark.asyncio

PRICE = 10_000_000
LINE = terms(fee="0", single=False, months=24)


@pytest.fixture
def lender(app: App, superuser: Ctx) -> Lender:
    return Lender(app, superuser)


async def loan(lender: Lender, amount: int = 100_000, values: TermValues | None = None) -> Facility:
    await lender.price(PRICE)
    return await lender.active(amount, BITCOIN, values or terms(fee="0"))


async def collateral_of(lender: Lender, facility: Facility) -> Collateral:
    found = await CollateralRepo(lender.app.db).peek(facility.collateral_id)
    assert found is not None
    return found


async def test_nothing_owed_it_closes_at_once_and_the_collateral_is_back(lender: Lender) -> None:
    facility = await loan(lender)
    await lender.pay(facility.id, 100_000)
    closed = await lender.complete(facility.id)
    assert closed.status is FacilityStatus.CLOSED
    assert closed.collateralization_state is CollateralizationState.NO_COLLATERAL
    collateral = await collateral_of(lender, facility)
    assert (collateral.amount, collateral.release_state) == (0, ReleaseState.RELEASED)
    assert (await lender.balance(facility.id))["collateral"] == 0
    (event,) = await told(lender, "FacilityCompleted")
    assert event["id"] == str(facility.id)
    assert event["completed_at"] is not None
    assert event["collateralization"]["state"] == "no_collateral"
    await assert_clean(lender.app)


async def test_asked_again_it_stays_as_it_is(lender: Lender) -> None:
    facility = await loan(lender)
    await lender.pay(facility.id, 100_000)
    closed = await lender.complete(facility.id)
    async with no_effect(lender.app.db):
        again = await lender.complete(facility.id)
    assert again.version == closed.version


async def test_of_many_who_close_it_at_once_one_does(lender: Lender) -> None:
    facility = await loan(lender)
    await lender.pay(facility.id, 100_000)
    closed = await asyncio.gather(*(lender.complete(facility.id) for _ in range(10)))
    assert {each.status for each in closed} == {FacilityStatus.CLOSED}
    assert len(await told(lender, "FacilityCompleted")) == 1
    await assert_clean(lender.app)


async def test_a_cent_of_principal_keeps_it_open(lender: Lender) -> None:
    facility = await loan(lender)
    await lender.pay(facility.id, 99_999)
    async with no_effect(lender.app.db):
        with pytest.raises(OutstandingAmount):
            await lender.complete(facility.id)


async def test_interest_accrued_and_not_posted_keeps_it_open(lender: Lender) -> None:
    facility = await loan(lender)
    await lender.until(date(2026, 1, 20))
    await lender.pay(facility.id, 100_000)
    assert (await lender.balance(facility.id))["interest"] == 0
    with pytest.raises(OutstandingAmount):
        await lender.complete(facility.id)
    quote = await lender.credit.completions.payoff(lender.ctx, facility)
    assert quote.total == quote.accrued_interest == 5 * 33


async def test_a_disbursal_under_way_keeps_it_open(lender: Lender) -> None:
    facility = await loan(lender, 5_000_000, LINE)
    await by_committee(lender)
    disbursal = await lender.disburse(facility.id, 100_000)
    with pytest.raises(OutstandingAmount):
        await lender.complete(facility.id)
    await decide(lender, disbursal.id, approved=False)
    assert (await lender.complete(facility.id)).status is FacilityStatus.CLOSED
    await assert_clean(lender.app)


async def test_a_line_never_drawn_on_can_be_closed_and_is_not_drawn_on_afterwards(lender: Lender) -> None:
    facility = await loan(lender, 5_000_000, LINE)
    assert (await lender.complete(facility.id)).status is FacilityStatus.CLOSED
    with pytest.raises(DisbursalOnInactiveFacility):
        await lender.disburse(facility.id, 1)


async def test_after_it_nothing_accrues_and_no_cycle_begins(lender: Lender) -> None:
    facility = await loan(lender)
    await lender.pay(facility.id, 100_000)
    closed = await lender.complete(facility.id)
    assert closed.cycle is None
    await lender.until(date(2026, 3, 2))
    (cycle,) = await CycleRepo(lender.app.db).of_parent(facility.id)
    assert cycle.accruals == 0
    assert not cycle.is_open
    assert (await lender.facility(facility.id)).version == closed.version
    await assert_clean(lender.app)


async def test_a_closed_loan_is_left_alone_by_every_price(lender: Lender) -> None:
    facility = await loan(lender)
    await lender.pay(facility.id, 100_000)
    closed = await lender.complete(facility.id)
    for price in (1, 20_000_000):
        await lender.price(price)
    assert (await lender.facility(facility.id)).version == closed.version


async def test_a_matured_loan_is_closed_likewise(lender: Lender) -> None:
    facility = await loan(lender, values=terms(fee="0", months=1, rate="0"))
    await lender.until(date(2026, 2, 16))
    assert (await lender.facility(facility.id)).status is FacilityStatus.MATURED
    await lender.pay(facility.id, 100_000)
    assert (await lender.complete(facility.id)).status is FacilityStatus.CLOSED
    await assert_clean(lender.app)


async def test_it_needs_no_fresh_price(lender: Lender, monkeypatch: pytest.MonkeyPatch) -> None:
    facility = await loan(lender)
    await lender.pay(facility.id, 100_000)
    await go_stale(lender.app, monkeypatch)
    assert (await lender.complete(facility.id)).status is FacilityStatus.CLOSED


async def test_who_may_not_is_told_so_before_anything_else(lender: Lender) -> None:
    nobody = Ctx(subject=Subject.user(uuid4()), request_id="test")
    with pytest.raises(NotAuthorized):
        await lender.app.commands.run(nobody, lender.credit.completions.complete, uuid4())
    with pytest.raises(NotFound):
        await lender.complete(uuid4())


async def test_completion_beside_a_disbursal_of_the_same_line(lender: Lender) -> None:
    """Either is refused because of the other; never money out of a closed loan."""
    for _ in range(6):
        facility = await loan(lender, 5_000_000, LINE)
        results = await asyncio.gather(
            lender.disburse(facility.id, 100_000), lender.complete(facility.id), return_exceptions=True
        )
        failed = [each for each in results if isinstance(each, BaseException)]
        assert len(failed) == 1
        assert isinstance(failed[0], OutstandingAmount | DisbursalOnInactiveFacility)
    await settle(lender.app)
    await assert_clean(lender.app)


async def test_the_first_worked_example_closes_with_every_account_at_rest(lender: Lender) -> None:
    """26.1, its final nets: what rests are omnibuses and income."""
    await lender.price(PRICE)
    facility = await lender.active(100_000, 1_400_000)
    await lender.until(date(2026, 2, 10))
    await lender.pay(facility.id, 50_561)
    await lender.until(date(2026, 4, 17))
    account_id = facility.disbursal_credit_account_id
    await lender.app.commands.run(lender.ctx, lender.app.deposits.record_deposit, account_id, 6_963)
    await lender.pay(facility.id, 51_402)
    await lender.complete(facility.id)
    ids = facility.account_ids
    rows = await lender.app.db.fetch(
        "select account_id, settled_credit - settled_debit, pending_credit - pending_debit"
        " from cala.balances where account_id = any(%b::uuid[])",
        [[getattr(ids, name) for name in ids.__struct_fields__]],
    )
    at_rest = {ids.interest_income_account_id: 1_963, ids.fee_income_account_id: 5_000}
    assert {row[0]: row[1] for row in rows if row[1] != 0} == at_rest
    assert {row[2] for row in rows} == {0}
    await assert_clean(lender.app)
