"""A portfolio of active facilities, made by the domain's own code in large Ops: its books verify."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from lana.app import App
from lana.core.credit import accounts as ledger_accounts
from lana.core.credit.collateral.entity import Collateral, LiquidationAccountIds
from lana.core.credit.collateral.entity import Initialized as CollateralInitialized
from lana.core.credit.collateral.repo import CollateralRepo
from lana.core.credit.disbursal.entity import Disbursal
from lana.core.credit.disbursing import disbursal_of
from lana.core.credit.facility.entity import Facility
from lana.core.credit.ledger import CreditLedger
from lana.core.credit.obligations import Obligations
from lana.core.credit.pending.entity import Initialized, PendingFacility
from lana.core.customer import CustomerType
from lana.core.public_id import TargetKind
from lana.core.terms import DisbursalPolicy, Duration, Interval, PeriodUnit, TermValues
from lana.lib.authz import Ctx
from lana.lib.es.op import Op
from lana.lib.money import Satoshis, UsdCents
from tests.support.price_feed import go_by

PRICE = 10_000_000
AN_OP = 50
AT_ONCE = 4
ONE_IN_TEN = 10
DRAWN_TIMES = 2


def terms_of(number: int) -> TermValues:
    """Four products; every tenth facility may be drawn again."""
    return TermValues(
        annual_rate=Decimal(8 + number % 4),
        one_time_fee_rate=Decimal(1),
        duration=Duration(PeriodUnit.MONTHS, 24),
        interest_due_duration_from_accrual=Duration(PeriodUnit.DAYS, 0),
        obligation_overdue_duration_from_due=Duration(PeriodUnit.DAYS, 30),
        obligation_liquidation_duration_from_due=Duration(PeriodUnit.DAYS, 60),
        accrual_interval=Interval.END_OF_DAY,
        accrual_cycle_interval=Interval.END_OF_MONTH,
        disbursal_policy=DisbursalPolicy.MULTIPLE_DISBURSAL
        if number % ONE_IN_TEN == 0
        else DisbursalPolicy.SINGLE_DISBURSAL,
        initial_cvl=Decimal(140),
        margin_call_cvl=Decimal(125),
        liquidation_cvl=Decimal(105),
    )


@dataclass(frozen=True)
class Builder:
    """`deposit_accounts` are (account, customer), shared by many facilities; `terms` by a facility's number."""

    app: App
    deposit_accounts: Sequence[tuple[UUID, UUID]]
    terms: Callable[[int], TermValues] = terms_of

    async def build(self, first: int, count: int) -> None:
        """Facilities numbered from `first`, at today's date and a price of `PRICE`."""
        await go_by(self.app, PRICE)
        pages = iter(range(first, first + count, AN_OP))

        async def work() -> None:
            for start in pages:
                numbers = range(start, min(start + AN_OP, first + count))
                await self.app.commands.run(Ctx.system("bench"), self.page, numbers)

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))

    async def page(self, op: Op, numbers: range) -> None:
        for number in numbers:
            facility = await self._activated(op, number)
            if number % ONE_IN_TEN == 0:
                await self._drawn_again(op, facility)

    async def _activated(self, op: Op, number: int) -> Facility:
        chance = random.Random(number)
        terms, amount = self.terms(number), UsdCents(chance.randrange(100_000, 10_000_000))
        # a CVL from 127 % to 226 % of the amount
        satoshis = Satoshis(amount * chance.randrange(12_700, 22_600) // 10_000 * 100_000_000 // PRICE + 1)
        account, customer = self.deposit_accounts[number % len(self.deposit_accounts)]
        loan_id, ids, coins = (
            op.new_id(),
            ledger_accounts.draw_pending_ids(op),
            ledger_accounts.draw_collateral_ids(op),
        )
        collateral = Collateral.born(
            CollateralInitialized(
                id=op.new_id(),
                secured_loan_id=loan_id,
                account_ids=coins,
                facility_ledger_account_ids_for_liquidation=LiquidationAccountIds(
                    proceeds_from_liquidation_account_id=ids.facility_proceeds_from_liquidation_account_id,
                    payment_holding_account_id=ids.facility_payment_holding_account_id,
                    uncovered_outstanding_account_id=ids.facility_uncovered_outstanding_account_id,
                ),
            )
        )
        op.add(CollateralRepo(self.app.db), collateral)
        ledger_accounts.open_collateral(op, collateral.id, coins)
        ledger_accounts.open_pending(op, loan_id, ids)
        tx_id, change = op.new_id(), collateral.difference(satoshis)
        assert change is not None
        collateral.update_manually(change, op.new_id())
        books = CreditLedger()
        books.create_proposal(op, loan_id, tx_id, ids, amount)
        books.add_collateral(op, op.new_id(), coins, satoshis, op.today)
        pending = PendingFacility.born(
            Initialized(
                id=loan_id,
                credit_facility_proposal_id=loan_id,
                ledger_tx_id=tx_id,
                approval_process_id=loan_id,
                customer_id=customer,
                customer_type=CustomerType.INDIVIDUAL,
                collateral_id=collateral.id,
                terms=terms,
                amount=amount,
                account_ids=ids,
                disbursal_credit_account_id=account,
            )
        )
        op.add(self.app.credit.activations.pendings, pending)
        pending.hold(satoshis)
        pending.look(UsdCents(PRICE))
        return await self.app.credit.activations.begin(op, pending, UsdCents(PRICE))

    async def _drawn_again(self, op: Op, facility: Facility) -> None:
        """Two more disbursals, a fifth of the amount each, initiated and paid out."""
        books, obligations = CreditLedger(), Obligations(self.app.db)
        amount = UsdCents(facility.amount // 5)
        position = facility.position
        for _ in range(DRAWN_TIMES):
            new, tx_id = op.new_id(), op.new_id()
            public_id = await self.app.public_ids.draw(op, TargetKind.DISBURSAL, new)
            disbursal = Disbursal.initiate(disbursal_of(facility, new, amount, new, public_id=public_id))
            op.add(self.app.credit.disbursals.repo, disbursal)
            books.initiate_disbursal(op, new, facility.account_ids, amount)
            books.confirm_disbursal(
                op,
                tx_id,
                new,
                facility.account_ids,
                deposit_account_id=facility.disbursal_credit_account_id,
                amount=amount,
            )
            disbursal.conclude_approval(approved=True)
            owed = obligations.owe_principal(
                op, facility, amount, reference=f"disbursal-{new}", ledger_tx_id=tx_id
            )
            disbursal.settle(tx_id, owed.id, op.today)
            position = position.owed(disbursed=amount)
        facility.move(position)
