"""The worked examples of the specification, played through the services and ends of days, to the cent.

Dates are a year later than there: the bank of the tests begins on 2026-01-15.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

import pytest

from lana.app import App
from lana.core.credit import CollateralizationState as State
from lana.core.credit import FacilityStatus
from lana.core.credit.facility.errors import OutstandingAmount
from lana.core.credit.payment.errors import PaymentAmountGreaterThanOutstandingObligations
from lana.lib.authz import Ctx
from tests.support.lending import BITCOIN, Lender, terms
from tests.support.proof import assert_clean, settle

pytestmark = pytest.mark.asyncio


@pytest.fixture
def lender(app: App, superuser: Ctx) -> Lender:
    return Lender(app, superuser)


def shows(balance: Mapping[str, int], **expected: int) -> None:
    assert {name: balance[name] for name in expected} == expected


async def cvl(lender: Lender, facility_id: UUID) -> int | None:
    price = await lender.app.prices.peek()
    assert price is not None
    return (await lender.facility(facility_id)).position.cvl(price.price)


async def test_single_disbursal_with_payment_and_closing(lender: Lender) -> None:
    """26.1."""
    await lender.price(10_000_000)
    facility = await lender.active(100_000, 1_400_000)
    account = facility.disbursal_credit_account_id
    assert (facility.activated_on, facility.maturity_date) == (date(2026, 1, 15), date(2026, 4, 15))
    assert await cvl(lender, facility.id) == 140
    shows(
        await lender.balance(facility.id),
        remaining=0, disbursed_total=100_000, disbursed=100_000, disbursed_payable=0,
        interest_total=0, interest=0, uncovered=100_000, collateral=1_400_000,
    )  # fmt: skip
    assert await lender.held(account) == 95_000

    await lender.until(date(2026, 2, 2))
    shows(
        await lender.balance(facility.id),
        disbursed=100_000, interest_total=561, interest=561, interest_payable=561, uncovered=100_561,
    )  # fmt: skip
    assert await cvl(lender, facility.id) == 139

    await lender.until(date(2026, 2, 10))
    await lender.pay(facility.id, 50_561)
    shows(
        await lender.balance(facility.id),
        disbursed_total=100_000, disbursed=50_000, disbursed_payable=0,
        interest_total=561, interest=0, interest_payable=0, unapplied=0, uncovered=50_000,
    )  # fmt: skip
    assert await lender.held(account) == 44_439
    assert await cvl(lender, facility.id) == 280

    await lender.until(date(2026, 4, 16))
    shows(
        await lender.balance(facility.id),
        disbursed_total=100_000, disbursed=50_000, disbursed_payable=50_000,
        interest_total=1_963, interest=1_402, interest_payable=1_147, unapplied=0, uncovered=51_402,
    )  # fmt: skip
    assert (await lender.facility(facility.id)).status is FacilityStatus.MATURED
    assert await cvl(lender, facility.id) == 272

    await lender.until(date(2026, 4, 17))
    await lender.app.commands.run(lender.ctx, lender.app.deposits.record_deposit, account, 6_963)
    with pytest.raises(PaymentAmountGreaterThanOutstandingObligations):
        await lender.pay(facility.id, 51_403)
    with pytest.raises(OutstandingAmount):
        await lender.complete(facility.id)
    await lender.pay(facility.id, 51_402)
    closed = await lender.complete(facility.id)
    assert closed.status is FacilityStatus.CLOSED
    shows(
        await lender.balance(facility.id),
        remaining=0, disbursed=0, interest=0, unapplied=0, uncovered=0, collateral=0,
    )  # fmt: skip
    assert await lender.held(account) == 0
    await assert_clean(lender.app)


async def test_several_disbursals_denial_and_order_of_payment(lender: Lender) -> None:
    """26.2, from its activation on the bank's first day: the days of the cycle are counted from there."""
    await lender.price(10_000_000)
    values = terms(rate="10", fee="1", months=24, single=False)
    facility = await lender.active(10_000_000, 150_000_000, values)
    shows(await lender.balance(facility.id), remaining=9_900_000, disbursed=100_000, uncovered=100_000)
    assert await lender.held(facility.disbursal_credit_account_id) == 0

    await lender.until(date(2026, 1, 20))
    await lender.disburse(facility.id, 4_000_000)
    await settle(lender.app)
    shows(await lender.balance(facility.id), remaining=5_900_000, disbursed=4_100_000, uncovered=4_100_000)
    assert await cvl(lender, facility.id) == 365

    # 5 days with 100,000 at 28 cents, 12 with 4,100,000 at 1,124
    await lender.until(date(2026, 2, 1))
    shows(await lender.balance(facility.id), interest_total=5 * 28 + 12 * 1_124)
    interest = 5 * 28 + 12 * 1_124

    await lender.until(date(2026, 2, 5))
    await lender.pay(facility.id, 1_200_000)
    left = 4_100_000 - (1_200_000 - interest)
    shows(await lender.balance(facility.id), interest=0, disbursed=left, uncovered=left)
    await assert_clean(lender.app)


async def test_partial_liquidation(lender: Lender) -> None:
    """26.3."""
    await lender.price(7_000_000)
    facility = await lender.active(5_000_000, BITCOIN, terms(fee="0"))
    await lender.price(5_200_000)
    under = await lender.facility(facility.id)
    assert under.collateralization_state is State.UNDER_LIQUIDATION_THRESHOLD
    assert under.liquidation is not None
    assert under.liquidation.initially_expected_to_receive == 4_500_000
    assert under.liquidation.initially_estimated_to_liquidate == 86_538_462

    run, credit = lender.app.commands.run, lender.credit
    await run(lender.ctx, credit.liquidations.record_sent, under.collateral_id, 86_538_462)
    assert await cvl(lender, facility.id) == 13
    await run(lender.ctx, credit.liquidations.record_proceeds, under.collateral_id, 4_500_000)
    shows(await lender.balance(facility.id), disbursed=500_000, uncovered=500_000, collateral=13_461_538)
    after = await lender.facility(facility.id)
    assert after.collateralization_state is State.FULLY_COLLATERALIZED
    assert await cvl(lender, facility.id) == 139
    assert await lender.held(facility.disbursal_credit_account_id) == 5_000_000
    await assert_clean(lender.app)
