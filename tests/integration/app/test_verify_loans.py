"""Each check of loans tells of what was spoilt behind the bank's back, by SQL or by a posting that nobody
decided; no other one does, and it names the loan.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec
import pytest

from lana.app import App
from lana.app.verify import verify
from lana.app.verify_loans import LOANS
from lana.core.credit import Collateral, Facility, PendingFacility, chart
from lana.core.credit.ledger import CreditLedger
from lana.core.credit.payment.entity import Initialized as PaymentInitialized
from lana.core.credit.payment.entity import Payment
from lana.core.credit.payment.repo import PaymentRepo
from lana.core.credit.primitives import FacilityAccountIds
from lana.lib.authz import Ctx
from lana.lib.es.op import Op
from lana.lib.ids import new_id
from lana.lib.money import Satoshis, UsdCents
from tests.support.lending import BITCOIN, Lender, terms
from tests.support.loan_life import by_committee
from tests.support.proof import assert_clean

pytestmark = pytest.mark.asyncio

LEDGER = CreditLedger()
CENTS, COINS = UsdCents(500), Satoshis(777)
LINES = "credit: lines = books"
POSITIONS = "credit: positions = books"
UNCOVERED = "credit: uncovered outstanding = books"
OBLIGATIONS = "credit: unpaid obligations = books"
ALLOCATIONS = "credit: obligations = allocations"
PAYMENTS = "credit: payments = allocations = books"
INTEREST = "credit: interest = books"
CYCLES = "credit: one open cycle while a loan accrues"
COLLATERAL = "credit: collateral = books"
LIQUIDATIONS = "credit: one liquidation at a time"
OFF_BALANCE = "credit: off-balance accounts balance each day"


class Spoiler(Lender):
    """A line drawn, paid and sold for in part, with a disbursal that waits; and a loan that waits."""

    line: Facility
    waiting: PendingFacility
    secured_by: Collateral

    @property
    def ids(self) -> FacilityAccountIds:
        return self.line.account_ids

    async def lend(self) -> None:
        await self.price(10_000_000)
        line = await self.active(1_000_000, BITCOIN, terms(fee="0", months=24, single=False))
        await self.disburse(line.id, 300_000)
        await self._settled()
        await by_committee(self)
        await self.disburse(line.id, 200_000)
        await self.pay(line.id, 50_000)
        self.waiting = await self.approved(100_000)
        await self.price(255_000)
        run, liquidations = self.app.commands.run, self.credit.liquidations
        await run(self.ctx, liquidations.record_sent, line.collateral_id, Satoshis(2_000))
        await run(
            self.ctx, liquidations.record_proceeds, line.collateral_id, UsdCents(1_000), completes=False
        )
        await run(self.ctx, liquidations.record_sent, line.collateral_id, Satoshis(1_000))
        self.line = await self.facility(line.id)
        self.secured_by = await self.secured(line.collateral_id)

    async def post(self, verb: Callable[[Op], object]) -> None:
        async def posting(op: Op) -> None:
            verb(op)

        await self.app.commands.run(self.ctx, posting)

    async def sql(self, statement: str) -> None:
        """Of one row, or of all there are."""
        await self.app.db.fetch(statement)


Spoil = Callable[[Spoiler], Awaitable[None]]


async def found(app: App) -> Mapping[str, Sequence[str]]:
    """What the checks of loans find. That a state is not the fold of its events is another check's."""
    return {
        each.check: each.violations for each in await verify(app) if each.check in LOANS and not each.clean
    }


# --- the line -----------------------------------------------------------------------------------------------


async def a_second_line(bank: Spoiler) -> None:
    def twice(op: Op) -> None:
        LEDGER.create_proposal(op, new_id(), new_id(), bank.ids, CENTS)
        LEDGER.activate(op, new_id(), new_id(), bank.ids, CENTS)

    await bank.post(twice)


async def a_line_still_pending(bank: Spoiler) -> None:
    await bank.post(lambda op: LEDGER.create_proposal(op, new_id(), new_id(), bank.ids, CENTS))


async def a_proposal_posted_twice(bank: Spoiler) -> None:
    ids = bank.waiting.account_ids
    await bank.post(lambda op: LEDGER.create_proposal(op, new_id(), new_id(), ids, CENTS))


async def a_line_before_activation(bank: Spoiler) -> None:
    ids = msgspec.structs.replace(bank.ids, facility_account_id=bank.waiting.account_ids.facility_account_id)
    await bank.post(lambda op: LEDGER.activate(op, new_id(), new_id(), ids, bank.waiting.amount))


# --- what is owed -------------------------------------------------------------------------------------------


async def another_position(bank: Spoiler) -> None:
    await bank.sql(
        "update credit_facilities set state = jsonb_set(state, '{position,outstanding,disbursed}', '7')"
    )


async def another_reserve(bank: Spoiler) -> None:
    await bank.sql("update credit_facilities set state = jsonb_set(state, '{position,reserved}', '0')")


async def covered_by_nobody(bank: Spoiler) -> None:
    fees = bank.ids.fee_income_account_id
    ids = msgspec.structs.replace(bank.ids, facility_payment_holding_account_id=fees)

    def pay(op: Op) -> None:
        LEDGER.record_payment(
            op, new_id(), bank.line.id, ids, source_account_id=fees, amount=CENTS, effective=op.today
        )

    await bank.post(pay)


async def uncovered_before_activation(bank: Spoiler) -> None:
    fees = bank.ids.fee_income_account_id
    ids = msgspec.structs.replace(
        bank.ids,
        interest_receivable_not_yet_due_account_id=fees,
        interest_income_account_id=fees,
        facility_uncovered_outstanding_account_id=(
            bank.waiting.account_ids.facility_uncovered_outstanding_account_id
        ),
    )

    def owe(op: Op) -> None:
        LEDGER.post_accrued_interest(op, new_id(), ids, CENTS, external_id="nobody's", effective=op.today)

    await bank.post(owe)


async def a_debt_forgiven(bank: Spoiler) -> None:
    await bank.sql(
        "update obligations set outstanding = outstanding - 1,"
        " state = jsonb_set(state, '{amount}', to_jsonb((state->>'amount')::int8 - 1))"
    )


async def a_debt_that_was_larger(bank: Spoiler) -> None:
    await bank.sql(
        "update obligations set state = jsonb_set(state, '{amount}', to_jsonb((state->>'amount')::int8 + 1))"
    )


# --- what is paid -------------------------------------------------------------------------------------------


async def a_larger_payment(bank: Spoiler) -> None:
    await bank.sql("update payments set amount = amount + 1 where amount = 50000")


async def payments_with_shares_of_another(bank: Spoiler) -> None:
    await bank.sql(
        "update payments set amount = case amount when 50000 then 1000 else 50000 end"
        " where amount in (1000, 50000)"
    )


async def a_payment_given_back(bank: Spoiler) -> None:
    pair = (bank.ids.facility_payment_holding_account_id, bank.ids.fee_income_account_id)
    await bank.post(lambda op: LEDGER.refund_payment(op, new_id(), pair, CENTS, op.today))


async def proceeds_kept(bank: Spoiler) -> None:
    proceeds = bank.ids.facility_proceeds_from_liquidation_account_id
    coins, nothing = bank.secured_by.account_ids, Satoshis(0)

    def receive(op: Op) -> None:
        LEDGER.receive_proceeds(
            op, new_id(), coins, proceeds_account_id=proceeds, amount=CENTS, liquidated=nothing
        )

    await bank.post(receive)


# --- interest -----------------------------------------------------------------------------------------------


async def interest_of_no_cycle(bank: Spoiler) -> None:
    pair = (bank.ids.interest_receivable_not_yet_due_account_id, bank.ids.interest_income_account_id)

    def accrue(op: Op) -> None:
        LEDGER.accrue_interest(op, new_id(), pair, CENTS, external_id="nobody's", effective=op.today)

    await bank.post(accrue)


async def income_pending(bank: Spoiler) -> None:
    pair = (bank.ids.fee_income_account_id, bank.ids.interest_income_account_id)

    def accrue(op: Op) -> None:
        LEDGER.accrue_interest(op, new_id(), pair, CENTS, external_id="nobody's", effective=op.today)

    await bank.post(accrue)


async def no_open_cycle(bank: Spoiler) -> None:
    async def close(op: Op) -> None:
        facility = await op.find(bank.credit.facility_reading.facilities, bank.line.id)
        await bank.credit.interest.close_cycle(op, facility)

    await bank.app.commands.run(bank.ctx, close)


async def a_second_open_cycle(bank: Spoiler) -> None:
    await bank.sql(
        "insert into interest_accrual_cycles (id, version, created_at, state, facility_id, idx,"
        " next_accrual_on, awaits_posting) select gen_random_uuid(), version, created_at, state, facility_id,"
        " 2, next_accrual_on, awaits_posting from interest_accrual_cycles"
    )


async def a_cycle_left_out(bank: Spoiler) -> None:
    await bank.sql("update interest_accrual_cycles set idx = 2")


async def no_cycle_at_all(bank: Spoiler) -> None:
    await bank.sql("delete from interest_accrual_cycles")


async def a_closed_loan_that_accrues(bank: Spoiler) -> None:
    await bank.sql("update credit_facilities set status = 'closed'")


# --- collateral ---------------------------------------------------------------------------------------------


async def coins_sent_without_a_liquidation(bank: Spoiler) -> None:
    coins = bank.secured_by.account_ids

    def send(op: Op) -> None:
        LEDGER.add_collateral(op, new_id(), coins, COINS, op.today)
        LEDGER.send_to_liquidation(op, new_id(), coins, COINS)

    await bank.post(send)


async def coins_that_are_sold_already(bank: Spoiler) -> None:
    await bank.sql("update liquidations set state = jsonb_set(state, '{liquidated}', '2001')")


async def coins_of_another_loan(bank: Spoiler) -> None:
    await bank.sql("update credit_facilities set collateral = collateral + 1")


async def coins_a_waiting_loan_has_not(bank: Spoiler) -> None:
    await bank.sql(
        "update pending_credit_facilities set state = jsonb_set(state, '{collateral}', '7')"
        " where status <> 'completed'"
    )


async def coins_of_nobody(bank: Spoiler) -> None:
    coins = msgspec.structs.replace(bank.secured_by.account_ids, collateral_account_id=chart.FACILITY_OMNIBUS)
    await bank.post(lambda op: LEDGER.add_collateral(op, new_id(), coins, COINS, op.today))


async def a_second_liquidation(bank: Spoiler) -> None:
    await bank.sql(
        "insert into liquidations (id, version, created_at, state, facility_id, collateral_id, completed,"
        " expected_to_receive, amount_received, sent_total) select gen_random_uuid(), version, created_at,"
        " state || '{\"liquidated\": 0}', facility_id, collateral_id, false, 0, 0, 0 from liquidations"
    )


async def a_liquidation_nobody_knows(bank: Spoiler) -> None:
    await bank.sql("update collaterals set state = state || '{\"liquidation_id\": null}'")


async def off_the_balance_sheet(bank: Spoiler) -> None:
    payments, fees = chart.PAYMENTS_MADE_OMNIBUS, bank.ids
    await bank.post(lambda op: LEDGER.add_structuring_fee(op, new_id(), fees, payments, CENTS))


async def told(app: App, superuser: Ctx, spoil: Spoil, check: str) -> tuple[Spoiler, str]:
    """The first violation, of this check and no other."""
    bank = Spoiler(app, superuser)
    await bank.lend()
    await assert_clean(app)
    await spoil(bank)
    violations = await found(app)
    assert list(violations) == [check]
    return bank, violations[check][0]


@pytest.mark.parametrize(
    ("spoil", "check"),
    [
        (a_second_line, LINES),
        (a_line_still_pending, LINES),
        (another_position, POSITIONS),
        (another_reserve, POSITIONS),
        (covered_by_nobody, UNCOVERED),
        (a_debt_forgiven, OBLIGATIONS),
        (a_debt_that_was_larger, ALLOCATIONS),
        (a_larger_payment, PAYMENTS),
        (payments_with_shares_of_another, PAYMENTS),
        (a_payment_given_back, PAYMENTS),
        (proceeds_kept, PAYMENTS),
        (interest_of_no_cycle, INTEREST),
        (income_pending, INTEREST),
        (no_open_cycle, CYCLES),
        (a_second_open_cycle, CYCLES),
        (a_cycle_left_out, CYCLES),
        (no_cycle_at_all, CYCLES),
        (a_closed_loan_that_accrues, CYCLES),
        (coins_sent_without_a_liquidation, COLLATERAL),
        (coins_that_are_sold_already, COLLATERAL),
        (coins_of_another_loan, COLLATERAL),
        (a_second_liquidation, LIQUIDATIONS),
        (a_liquidation_nobody_knows, LIQUIDATIONS),
    ],
)
async def test_one_check_names_the_loan_that_was_spoilt(
    app: App, superuser: Ctx, spoil: Spoil, check: str
) -> None:
    bank, violation = await told(app, superuser, spoil, check)
    assert str(bank.line.id) in violation


@pytest.mark.parametrize(
    ("spoil", "check"),
    [
        (a_proposal_posted_twice, LINES),
        (a_line_before_activation, LINES),
        (uncovered_before_activation, UNCOVERED),
        (coins_a_waiting_loan_has_not, COLLATERAL),
    ],
)
async def test_loans_that_wait_are_looked_at_too(app: App, superuser: Ctx, spoil: Spoil, check: str) -> None:
    bank, violation = await told(app, superuser, spoil, check)
    assert str(bank.waiting.id) in violation


@pytest.mark.parametrize(
    ("spoil", "check", "what"),
    [(coins_of_nobody, COLLATERAL, "omnibus"), (off_the_balance_sheet, OFF_BALANCE, "on 2026-01-15")],
)
async def test_what_belongs_to_no_loan_is_told_of_too(
    app: App, superuser: Ctx, spoil: Spoil, check: str, what: str
) -> None:
    _, violation = await told(app, superuser, spoil, check)
    assert what in violation


async def test_a_refund_counts_as_passed_on_and_leaves_the_debt_covered(app: App, superuser: Ctx) -> None:
    bank = Spoiler(app, superuser)
    await bank.lend()
    ids, source = bank.ids, bank.line.disbursal_credit_account_id

    def pay_and_refund(op: Op) -> None:
        payment = Payment.record(
            PaymentInitialized(
                id=(payment_id := op.new_id()),
                ledger_tx_id=payment_id,
                beneficiary_id=bank.line.id,
                facility_payment_holding_account_id=ids.facility_payment_holding_account_id,
                facility_uncovered_outstanding_account_id=ids.facility_uncovered_outstanding_account_id,
                payment_source_account_id=source,
                amount=CENTS,
                effective=op.today,
            )
        )
        op.add(PaymentRepo(app.db), payment)
        LEDGER.record_payment(
            op, payment_id, bank.line.id, ids, source_account_id=source, amount=CENTS, effective=op.today
        )
        pair = (ids.facility_payment_holding_account_id, source)
        LEDGER.refund_payment(op, op.new_id(), pair, CENTS, op.today)

    await bank.post(pay_and_refund)
    assert list(await found(app)) == [UNCOVERED]


async def test_every_check_of_loans_was_seen_to_fail() -> None:
    spoilt = {LINES, POSITIONS, UNCOVERED, OBLIGATIONS, ALLOCATIONS, PAYMENTS, INTEREST, CYCLES, COLLATERAL}
    assert set(LOANS) == spoilt | {LIQUIDATIONS, OFF_BALANCE}
