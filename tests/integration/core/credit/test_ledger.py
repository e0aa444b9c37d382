"""Worked examples of the specification as postings: every column of their tables after every step, to the cent.

Dates of the first example are a year later than there: the bank of the tests begins on 2026-01-15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pytest

from lana.app import App
from lana.app.verify import verify
from lana.core.credit import chart
from lana.core.customer import CustomerType
from lana.core.terms import TermValues
from lana.lib.authz import Ctx
from lana.lib.es.commands import LedgerRefusal
from lana.lib.ids import new_id
from lana.lib.money import Satoshis, UsdCents
from tests.support.bank import open_account
from tests.support.lending import BITCOIN, terms
from tests.support.loan_books import DEBIT, LEDGER, LoanBooks
from tests.support.proof import no_effect

pytestmark = pytest.mark.asyncio

PRICE = 10_000_000


async def books(
    app: App, ctx: Ctx, values: TermValues, customer_type: CustomerType = CustomerType.INDIVIDUAL
) -> LoanBooks:
    account = await open_account(app, ctx)
    return await LoanBooks.open(app, ctx, account.id, values, customer_type)


def days(start: date, last: date) -> Sequence[date]:
    return [start + timedelta(days=n) for n in range((last - start).days + 1)]


async def shows(loan: LoanBooks, expected: Mapping[str, object], cvl: int | None) -> None:
    assert await loan.columns() == expected
    assert await loan.cvl(PRICE) == cvl


async def test_single_disbursal_with_back_payment_and_closing(app: App, superuser: Ctx) -> None:
    """26.1, with the column that only the postings show: a payment not allocated yet."""
    loan = await books(app, superuser, terms())
    interest_due = loan.ids.interest_receivable_due_account_id
    january, february = date(2026, 1, 31), date(2026, 2, 10)

    await loan.do(lambda op: LEDGER.create_proposal(op, loan.id, new_id(), loan.ids, UsdCents(100_000)))
    assert await loan.net(loan.ids.facility_account_id, pending=True) == 100_000
    coins, today = Satoshis(1_400_000), date(2026, 1, 15)
    await loan.do(lambda op: LEDGER.add_collateral(op, new_id(), loan.coins, coins, today))
    await loan.do(lambda op: LEDGER.activate(op, loan.id, new_id(), loan.ids, UsdCents(100_000)))
    assert await loan.pending_nets() == {0}
    assert (await loan.balance()).facility_remaining == 100_000
    await loan.disburse_at_once(100_000, fee=5_000)
    after_activation = {
        "disbursed": (100_000, 100_000, 0),
        "interest": (0, 0, 0),
        "outstanding": (100_000, 0),
        "unapplied": 0,
        "U": 100_000,
        "deposit": 95_000,
    }
    await shows(loan, after_activation, cvl=140)
    assert (await loan.balance()).facility_remaining == 0

    await loan.accrue(33, *days(date(2026, 1, 15), january))
    await shows(loan, after_activation, cvl=140)
    assert await loan.net(loan.ids.interest_income_account_id, pending=True) == 561
    await loan.post_interest(561, january)
    assert await loan.pending_nets() == {0}
    await loan.interest_due(561, january)
    with_interest = after_activation | {
        "interest": (561, 561, 561),
        "outstanding": (100_561, 561),
        "U": 100_561,
    }
    await shows(loan, with_interest, cvl=139)

    await loan.pay(50_561, february)
    unallocated = with_interest | {"unapplied": 50_561, "U": 50_000, "deposit": 44_439}
    await shows(loan, unallocated, cvl=139)

    await loan.allocate(561, interest_due, february)
    await loan.allocate(50_000, loan.ids.disbursed_receivable_not_yet_due_account_id, february)
    allocated = unallocated | {
        "disbursed": (100_000, 50_000, 0),
        "interest": (561, 0, 0),
        "outstanding": (50_000, 0),
        "unapplied": 0,
    }
    await shows(loan, allocated, cvl=280)

    await loan.accrue(33, *days(date(2026, 2, 1), date(2026, 2, 9)))
    await loan.accrue(17, *days(date(2026, 2, 10), date(2026, 2, 28)))
    await loan.post_interest(620, date(2026, 2, 28))
    await loan.interest_due(620, date(2026, 2, 28))
    await loan.accrue(17, *days(date(2026, 3, 1), date(2026, 3, 31)))
    await loan.post_interest(527, date(2026, 3, 31))
    await loan.interest_due(527, date(2026, 3, 31))
    await loan.accrue(17, *days(date(2026, 4, 1), date(2026, 4, 15)))
    assert await loan.pending_nets() == {0, 255, -255}
    await loan.post_interest(255, date(2026, 4, 15))
    await loan.principal_due(50_000, date(2026, 4, 15))
    matured = allocated | {
        "disbursed": (100_000, 50_000, 50_000),
        "interest": (1_963, 1_402, 1_147),
        "outstanding": (51_402, 51_147),
        "U": 51_402,
    }
    await shows(loan, matured, cvl=272)
    assert await loan.pending_nets() == {0}

    await loan.interest_due(255, date(2026, 4, 15))
    await _close(loan, date(2026, 4, 17))


async def _close(loan: LoanBooks, on: date) -> None:
    with pytest.raises(LedgerRefusal, match="Overdraft Prevention"):
        await loan.pay(51_402, on)
    run = loan.app.commands.run
    await run(loan.ctx, loan.app.deposits.record_deposit, loan.deposit_account_id, 6_963)
    await loan.pay(51_402, on)
    for share in (620, 527, 255):
        await loan.allocate(share, loan.ids.interest_receivable_due_account_id, on)
    await loan.allocate(50_000, loan.ids.disbursed_receivable_due_account_id, on)
    assert await loan.cvl(PRICE) is None
    coins = Satoshis(1_400_000)
    await loan.do(lambda op: LEDGER.remove_collateral(op, new_id(), loan.coins, coins, on))
    nothing_left = {
        "disbursed": (100_000, 0, 0),
        "interest": (1_963, 0, 0),
        "outstanding": (0, 0),
        "unapplied": 0,
        "U": 0,
        "deposit": 0,
    }
    await shows(loan, nothing_left, cvl=0)
    balance = await loan.balance()
    assert (balance.facility_remaining, balance.collateral) == (0, 0)
    omnibuses = [
        await loan.net(chart.FACILITY_OMNIBUS, DEBIT),
        await loan.net(chart.INTEREST_ADDED_OMNIBUS, DEBIT),
        await loan.net(chart.PAYMENTS_MADE_OMNIBUS, DEBIT),
    ]
    assert omnibuses == [100_000, 1_963, -101_963]
    assert sum(omnibuses) == 0
    assert await loan.net("credit-interest-income") == 1_963
    assert await loan.net("credit-fee-income") == 5_000
    assert await loan.net("credit-collateral-omnibus", DEBIT, "BTC") == 0
    assert await loan.pending_nets() == {0}
    await assert_balanced(loan.app)


async def test_several_disbursals_denial_and_order_of_payment(app: App, superuser: Ctx) -> None:
    """26.2, its columns F and U after each line."""
    values = terms(rate="10", fee="1", months=24, single=False)
    loan = await books(app, superuser, values, CustomerType.PRIVATE_COMPANY)
    first, second, third = new_id(), new_id(), new_id()

    async def line(remaining: int, uncovered: int) -> None:
        balance = await loan.balance()
        assert (balance.facility_remaining, balance.uncovered) == (remaining, uncovered)

    await loan.activate(10_000_000)
    await line(10_000_000, 0)
    await loan.disburse_at_once(100_000, fee=100_000)
    await line(9_900_000, 100_000)
    assert await loan.net(loan.deposit_account_id) == 0

    drawn = UsdCents(4_000_000)
    await loan.do(lambda op: LEDGER.initiate_disbursal(op, first, loan.ids, drawn))
    await line(5_900_000, 4_100_000)
    assert await loan.net(loan.ids.facility_account_id, pending=True) == 4_000_000
    assert (await loan.balance()).disbursed.outstanding == 100_000
    account = loan.deposit_account_id
    await loan.do(
        lambda op: LEDGER.confirm_disbursal(
            op, new_id(), first, loan.ids, deposit_account_id=account, amount=drawn
        )
    )
    await line(5_900_000, 4_100_000)
    assert await loan.net(account) == 4_000_000

    await loan.do(lambda op: LEDGER.initiate_disbursal(op, second, loan.ids, UsdCents(5_000_000)))
    await line(900_000, 9_100_000)
    denied = UsdCents(5_000_000)
    await loan.do(lambda op: LEDGER.cancel_disbursal(op, new_id(), second, loan.ids, denied))
    await line(5_900_000, 4_100_000)
    assert await loan.pending_nets() == {0}

    async with no_effect(app.db):
        with pytest.raises(LedgerRefusal, match="Disbursal Limit"):
            await loan.do(lambda op: LEDGER.initiate_disbursal(op, third, loan.ids, UsdCents(6_000_000)))
    await line(5_900_000, 4_100_000)

    await loan.accrue(28, *days(date(2026, 1, 10), date(2026, 1, 19)))
    await loan.accrue(1_124, *days(date(2026, 1, 20), date(2026, 1, 31)))
    await loan.post_interest(13_768, date(2026, 1, 31))
    await line(5_900_000, 4_113_768)
    await loan.interest_due(13_768, date(2026, 1, 31))

    paid_on, principal = date(2026, 2, 5), loan.ids.disbursed_receivable_not_yet_due_account_id
    await loan.pay(1_200_000, paid_on)
    await line(5_900_000, 2_913_768)
    await loan.allocate(13_768, loan.ids.interest_receivable_due_account_id, paid_on)
    await loan.allocate(100_000, principal, paid_on)
    await loan.allocate(1_086_232, principal, paid_on)

    await loan.accrue(1_124, *days(date(2026, 2, 1), date(2026, 2, 4)))
    await loan.accrue(799, *days(date(2026, 2, 5), date(2026, 2, 28)))
    await loan.post_interest(23_672, date(2026, 2, 28))
    await line(5_900_000, 2_937_440)
    assert await loan.columns() == {
        "disbursed": (4_100_000, 2_913_768, 0),
        "interest": (37_440, 23_672, 0),
        "outstanding": (2_937_440, 0),
        "unapplied": 0,
        "U": 2_937_440,
        "deposit": 2_800_000,
    }
    assert await loan.net("long-term-credit-private-company-disbursed-receivable", DEBIT) == 2_913_768
    assert await loan.net("long-term-credit-private-company-interest-receivable", DEBIT) == 23_672
    assert await loan.pending_nets() == {0}
    await assert_balanced(app)


async def test_partial_liquidation(app: App, superuser: Ctx) -> None:
    """26.3."""
    loan = await books(app, superuser, terms(fee="0"))
    today, sent, received = date(2026, 1, 15), Satoshis(86_538_462), UsdCents(4_500_000)
    proceeds = loan.ids.facility_proceeds_from_liquidation_account_id
    await loan.do(lambda op: LEDGER.add_collateral(op, new_id(), loan.coins, BITCOIN, today))
    await loan.activate(5_000_000)
    account, whole = loan.deposit_account_id, UsdCents(5_000_000)
    await loan.do(lambda op: LEDGER.initial_disbursal(op, new_id(), loan.ids, account, whole))
    assert (await loan.cvl(7_000_000), await loan.cvl(5_200_000)) == (140, 104)

    await loan.do(lambda op: LEDGER.send_to_liquidation(op, new_id(), loan.coins, sent))
    assert await _coins(loan) == (13_461_538, 86_538_462, 0)
    assert await loan.cvl(5_200_000) == 13

    await loan.do(
        lambda op: LEDGER.receive_proceeds(
            op, new_id(), loan.coins, proceeds_account_id=proceeds, amount=received, liquidated=sent
        )
    )
    assert await _coins(loan) == (13_461_538, 0, 86_538_462)
    assert await loan.net(proceeds) == 4_500_000
    assert (await loan.balance()).disbursed.outstanding == 5_000_000

    await loan.pay(received, today, source=proceeds)
    balance = await loan.balance()
    assert (balance.disbursed.outstanding, balance.payments_unapplied) == (5_000_000, 4_500_000)
    assert (await loan.net(proceeds), balance.uncovered) == (0, 500_000)

    await loan.allocate(received, loan.ids.disbursed_receivable_not_yet_due_account_id, today)
    balance = await loan.balance()
    assert (balance.disbursed.outstanding, balance.payments_unapplied) == (500_000, 0)
    assert await loan.cvl(5_200_000) == 139
    assert await loan.net(account) == 5_000_000
    assert await loan.net("credit-facility-liquidated-collateral", currency="BTC") == 86_538_462
    assert await loan.net("credit-facility-liquidation-proceeds-omnibus", DEBIT) == 4_500_000
    await assert_balanced(app)


async def _coins(loan: LoanBooks) -> tuple[int, int, int]:
    """Held, in liquidation, liquidated."""
    of = loan.coins
    return (
        await loan.net(of.collateral_account_id, currency="BTC"),
        await loan.net(of.collateral_in_liquidation_account_id, currency="BTC"),
        await loan.net(of.liquidated_collateral_account_id, currency="BTC"),
    )


async def test_a_later_tranche_and_a_surplus_pass_through_the_proceeds(app: App, superuser: Ctx) -> None:
    loan = await books(app, superuser, terms())
    proceeds = loan.ids.facility_proceeds_from_liquidation_account_id
    nothing = Satoshis(0)
    await loan.do(
        lambda op: LEDGER.receive_proceeds(
            op, new_id(), loan.coins, proceeds_account_id=proceeds, amount=UsdCents(900), liquidated=nothing
        )
    )
    assert await loan.net(proceeds) == 900
    account = loan.deposit_account_id
    await loan.do(lambda op: LEDGER.return_surplus(op, new_id(), proceeds, account, UsdCents(900)))
    assert (await loan.net(proceeds), await loan.net(account)) == (0, 900)


async def test_what_a_payment_leaves_goes_back_to_its_source(app: App, superuser: Ctx) -> None:
    loan, day = await books(app, superuser, terms()), date(2026, 1, 16)
    await loan.activate(1_000)
    await loan.disburse_at_once(1_000, fee=50)
    await loan.pay(800, day)
    pair = (loan.ids.facility_payment_holding_account_id, loan.deposit_account_id)
    await loan.do(lambda op: LEDGER.refund_payment(op, new_id(), pair, UsdCents(300), day))
    assert (await loan.balance()).payments_unapplied == 500
    assert await loan.net(loan.deposit_account_id) == 450


async def test_a_payment_cannot_exceed_what_is_uncovered(app: App, superuser: Ctx) -> None:
    loan, day = await books(app, superuser, terms()), date(2026, 1, 16)
    await loan.activate(1_000)
    await loan.disburse_at_once(1_000, fee=50)
    await app.commands.run(superuser, app.deposits.record_deposit, loan.deposit_account_id, 10_000)
    async with no_effect(app.db):
        with pytest.raises(LedgerRefusal, match="Uncovered Outstanding Limit"):
            await loan.pay(1_001, day)
    await loan.pay(1_000, day)


async def test_what_ages_moves_to_its_next_set_and_defaults_out_of_what_is_outstanding(
    app: App, superuser: Ctx
) -> None:
    loan, day = await books(app, superuser, terms()), date(2026, 1, 16)
    ids, amount = loan.ids, UsdCents(1_000)
    await loan.activate(1_000)
    await loan.disburse_at_once(1_000, fee=50)
    await loan.principal_due(1_000, day)
    assert await loan.net("short-term-credit-individual-disbursed-receivable", DEBIT) == 1_000
    due, overdue = ids.disbursed_receivable_due_account_id, ids.disbursed_receivable_overdue_account_id
    await loan.do(lambda op: LEDGER.record_overdue(op, new_id(), (due, overdue), amount, day))
    assert await loan.net("short-term-credit-individual-disbursed-receivable", DEBIT) == 0
    assert await loan.net("overdue-credit-individual-disbursed-receivable", DEBIT) == 1_000
    balance = await loan.balance()
    assert (balance.disbursed.overdue, balance.due_outstanding, balance.outstanding_payable) == (1_000,) * 3
    gone = (overdue, ids.disbursed_defaulted_account_id)
    await loan.do(lambda op: LEDGER.record_defaulted(op, new_id(), gone, amount, day))
    balance = await loan.balance()
    assert (balance.outstanding, balance.disbursed.defaulted) == (0, 1_000)
    assert await loan.net("credit-disbursed-defaulted", DEBIT) == 1_000


async def assert_balanced(app: App) -> None:
    """What the ledger itself can tell of its books; there is no facility beside them."""
    found = [finding for finding in await verify(app) if finding.check.startswith("ledger")]
    assert found
    assert [violation for finding in found for violation in finding.violations] == []
