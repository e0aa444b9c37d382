"""The ledger accounts of one loan, opened and posted to by the verbs alone, beside a real deposit account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

import cala_ledger
from lana.app import App
from lana.core.credit import (
    CollateralizationState,
    Facility,
    FacilityBalance,
    FacilityBalances,
    accounts,
    chart,
)
from lana.core.credit.collateral.entity import Collateral, Initialized, LiquidationAccountIds
from lana.core.credit.collateral.repo import CollateralRepo
from lana.core.credit.cvl import cvl
from lana.core.credit.facility.events import Initialized as FacilityInitialized
from lana.core.credit.ledger import CreditLedger
from lana.core.credit.position import Outstanding
from lana.core.credit.primitives import CollateralAccountIds, FacilityAccountIds
from lana.core.customer import CustomerType
from lana.core.terms import TermValues
from lana.lib.authz import Ctx
from lana.lib.es.op import Op
from lana.lib.ids import new_id
from lana.lib.money import Satoshis, UsdCents

CREDIT: Final = cala_ledger.Direction.CREDIT
DEBIT: Final = cala_ledger.Direction.DEBIT
LEDGER: Final = CreditLedger()


class LoanBooks(msgspec.Struct, kw_only=True):
    app: App
    ctx: Ctx
    id: UUID
    collateral_id: UUID
    ids: FacilityAccountIds
    coins: CollateralAccountIds
    deposit_account_id: UUID
    terms: TermValues
    customer_type: CustomerType

    @classmethod
    async def open(
        cls, app: App, ctx: Ctx, deposit_account_id: UUID, terms: TermValues, customer_type: CustomerType
    ) -> LoanBooks:
        """As an approval and an activation open them."""
        op = app.commands.new_op(ctx)
        pending = accounts.draw_pending_ids(op)
        loan = cls(
            app=app,
            ctx=ctx,
            id=new_id(),
            collateral_id=new_id(),
            ids=accounts.draw_facility_ids(op, pending),
            coins=accounts.draw_collateral_ids(op),
            deposit_account_id=deposit_account_id,
            terms=terms,
            customer_type=customer_type,
        )
        await loan.do(loan._open_pending)
        await loan.do(
            lambda op: accounts.open_facility(op, loan.id, loan.ids, loan.terms.term, loan.customer_type)
        )
        return loan

    def _open_pending(self, op: Op) -> None:
        accounts.open_pending(op, self.id, self.ids)
        accounts.open_collateral(op, self.collateral_id, self.coins)
        op.add(CollateralRepo(self.app.db), self._collateral())

    async def do(self, *acts: Callable[[Op], object]) -> None:
        """All in one Op."""

        async def command(op: Op) -> None:
            for act in acts:
                act(op)

        await self.app.commands.run(self.ctx, command)

    # --- steps that several examples take -------------------------------------------------------------------

    async def activate(self, amount: int) -> None:
        cents = UsdCents(amount)
        await self.do(lambda op: LEDGER.create_proposal(op, self.id, new_id(), self.ids, cents))
        await self.do(lambda op: LEDGER.activate(op, self.id, new_id(), self.ids, cents))

    async def disburse_at_once(self, amount: int, fee: int) -> None:
        account = self.deposit_account_id
        await self.do(
            lambda op: LEDGER.initial_disbursal(op, new_id(), self.ids, account, UsdCents(amount)),
            lambda op: LEDGER.add_structuring_fee(op, new_id(), self.ids, account, UsdCents(fee)),
        )

    async def accrue(self, amount: int, *days: date) -> None:
        """Each day the same, as one end of day after the other."""
        receivable = self.ids.interest_receivable_not_yet_due_account_id
        for day in days:
            await self.do(
                lambda op, day=day: LEDGER.accrue_interest(
                    op,
                    new_id(),
                    (receivable, self.ids.interest_income_account_id),
                    UsdCents(amount),
                    external_id=f"{self.id}-{day}",
                    effective=day,
                )
            )

    async def post_interest(self, total: int, on: date) -> None:
        await self.do(
            lambda op: LEDGER.post_accrued_interest(
                op, new_id(), self.ids, UsdCents(total), external_id=f"{self.id}-cycle-{on}", effective=on
            )
        )

    async def interest_due(self, amount: int, on: date) -> None:
        ids = self.ids
        moved = (ids.interest_receivable_not_yet_due_account_id, ids.interest_receivable_due_account_id)
        await self.do(lambda op: LEDGER.record_due(op, new_id(), moved, UsdCents(amount), on))

    async def principal_due(self, amount: int, on: date) -> None:
        ids = self.ids
        moved = (ids.disbursed_receivable_not_yet_due_account_id, ids.disbursed_receivable_due_account_id)
        await self.do(lambda op: LEDGER.record_due(op, new_id(), moved, UsdCents(amount), on))

    async def pay(self, amount: int, on: date, source: UUID | None = None) -> None:
        await self.do(
            lambda op: LEDGER.record_payment(
                op,
                new_id(),
                self.id,
                self.ids,
                source_account_id=source or self.deposit_account_id,
                amount=UsdCents(amount),
                effective=on,
            )
        )

    async def allocate(self, amount: int, receivable: UUID, on: date) -> None:
        accounts_of = (self.ids.facility_payment_holding_account_id, receivable)
        share = new_id()
        await self.do(
            lambda op: LEDGER.record_allocation(
                op, share, accounts_of, UsdCents(amount), external_id=f"obligation-{share}", effective=on
            )
        )

    # --- what the ledger says -------------------------------------------------------------------------------

    def facility(self, collateral: Satoshis = Satoshis(0)) -> Facility:
        """One with these accounts, told to nobody."""
        return Facility.born(
            FacilityInitialized(
                id=self.id,
                pending_credit_facility_id=self.id,
                customer_id=self.id,
                customer_type=self.customer_type,
                collateral_id=self.collateral_id,
                ledger_tx_id=self.id,
                structuring_fee_tx_id=None,
                terms=self.terms,
                amount=UsdCents(0),
                account_ids=self.ids,
                disbursal_credit_account_id=self.deposit_account_id,
                public_id="1",
                activated_at=self.app.bank_time.now(),
                activated_on=self.app.bank_time.today(),
                maturity_date=date.max,
                matures_at=datetime.max,
                collateralization_state=CollateralizationState.NO_COLLATERAL,
                collateral=collateral,
                outstanding=Outstanding(),
                price=UsdCents(0),
            )
        )

    def _collateral(self) -> Collateral:
        ids = self.ids
        return Collateral.born(
            Initialized(
                id=self.collateral_id,
                secured_loan_id=self.id,
                account_ids=self.coins,
                facility_ledger_account_ids_for_liquidation=LiquidationAccountIds(
                    proceeds_from_liquidation_account_id=ids.facility_proceeds_from_liquidation_account_id,
                    payment_holding_account_id=ids.facility_payment_holding_account_id,
                    uncovered_outstanding_account_id=ids.facility_uncovered_outstanding_account_id,
                ),
            )
        )

    async def balance(self) -> FacilityBalance:
        held = await self.net(self.coins.collateral_account_id, currency="BTC")
        return (await FacilityBalances(self.app.books).of([self.facility(Satoshis(held))]))[self.id]

    async def columns(self) -> dict[str, tuple[int, int, int] | tuple[int, int] | int]:
        """The rows of the examples' table of balances."""
        found = await self.balance()
        disbursed, interest = found.disbursed, found.interest
        return {
            "disbursed": (disbursed.total, disbursed.outstanding, disbursed.outstanding_payable),
            "interest": (interest.total, interest.outstanding, interest.outstanding_payable),
            "outstanding": (found.outstanding, found.outstanding_payable),
            "unapplied": found.payments_unapplied,
            "U": found.uncovered,
            "deposit": await self.net(self.deposit_account_id),
        }

    async def cvl(self, price: int) -> int | None:
        found = await self.balance()
        return cvl(found.collateral, found.outstanding, UsdCents(price))

    async def net(
        self,
        of: UUID | str,
        side: cala_ledger.Direction = CREDIT,
        currency: str = "USD",
        *,
        pending: bool = False,
    ) -> int:
        """Of an account, or of a set by its name."""
        where = chart.product_set(of) if isinstance(of, str) else of
        balance = (await self.app.books.balances.now([where]))[where].get(currency)
        if balance is None:
            return 0
        return (balance.pending if pending else balance.settled).net(side)

    async def pending_nets(self) -> set[int]:
        """Of every account of the loan and every omnibus."""
        own = [getattr(self.ids, name) for name in FacilityAccountIds.__struct_fields__]
        wanted = [*own, *(chart.omnibus(name) for name, _, _ in chart.OMNIBUSES)]
        found = await self.app.books.balances.now(wanted)
        return {each.pending.net(CREDIT) for by in found.values() for each in by.values()}


__all__ = ["CREDIT", "DEBIT", "LEDGER", "LoanBooks"]
