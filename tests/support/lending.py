"""A bank that lends: a customer with an account, a custodian by hand, a price, and loans walked to where a test
wants them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from decimal import Decimal
from functools import partial
from uuid import UUID

from cala_ledger import Direction
from lana.app import App
from lana.core.credit import Collateral, Disbursal, Facility, PendingFacility, Proposal
from lana.core.credit.history import Entry
from lana.core.custody import Custodian, CustodianConfig
from lana.core.deposit import DepositAccount
from lana.core.terms import DisbursalPolicy, Duration, Interval, PeriodUnit, TermValues
from lana.lib.authz import Ctx
from lana.lib.es.op import Op
from lana.lib.ids import new_id
from lana.lib.money import Satoshis, UsdCents
from tests.support.bank import open_account
from tests.support.custodian import SYNC
from tests.support.price_feed import go_by
from tests.support.proof import settle

BITCOIN = Satoshis(100_000_000)
SHEET_HASH = "ab" * 32
DAYS = PeriodUnit.DAYS


def terms(
    *,
    rate: str = "12",
    fee: str = "5",
    months: int = 3,
    single: bool = True,
    cvls: tuple[str, str, str] = ("140", "125", "105"),
    overdue_days: int | None = 50,
    accrual: Interval = Interval.END_OF_DAY,
) -> TermValues:
    """Those of the first worked example, unless told otherwise."""
    initial, margin_call, liquidation = map(Decimal, cvls)
    return TermValues(
        annual_rate=Decimal(rate),
        one_time_fee_rate=Decimal(fee),
        duration=Duration(PeriodUnit.MONTHS, months),
        interest_due_duration_from_accrual=Duration(DAYS, 0),
        obligation_overdue_duration_from_due=None if overdue_days is None else Duration(DAYS, overdue_days),
        obligation_liquidation_duration_from_due=Duration(DAYS, 60),
        accrual_interval=accrual,
        accrual_cycle_interval=Interval.END_OF_MONTH,
        disbursal_policy=DisbursalPolicy.SINGLE_DISBURSAL if single else DisbursalPolicy.MULTIPLE_DISBURSAL,
        initial_cvl=initial,
        margin_call_cvl=margin_call,
        liquidation_cvl=liquidation,
    )


class Lender:
    """`ctx` is a request of the superuser; loans are kept by hand where no custodian is given."""

    def __init__(
        self,
        app: App,
        ctx: Ctx,
        custodian: Custodian | None = None,
        settled: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.app = app
        self.ctx = ctx
        self.credit = app.credit
        self._custodian = custodian
        self._settled = settled or partial(settle, app)

    # --- around the loan ------------------------------------------------------------------------------------

    async def price(self, cents: int) -> None:
        """The bank goes by it, and everybody it concerns has moved."""
        await go_by(self.app, cents)
        await self.credit.margin_monitor.sweep()

    async def custodian(self) -> Custodian:
        if self._custodian is None:
            self._custodian = await self.app.commands.run(
                self.ctx, self.app.custodians.create, CustodianConfig(provider="manual", name="Vault")
            )
        return self._custodian

    async def account(self, cents: int = 0) -> DepositAccount:
        account = await open_account(self.app, self.ctx)
        if cents:
            await self.app.commands.run(self.ctx, self.app.deposits.record_deposit, account.id, cents)
        return account

    async def held(self, account_id: UUID) -> int:
        """What a deposit account holds."""
        found = await self.app.deposit_accounts.find_many_balances(self.ctx, [account_id])
        return found[account_id].settled

    # --- the loan -------------------------------------------------------------------------------------------

    async def propose(
        self, amount: int, values: TermValues | None = None, *, account: DepositAccount | None = None
    ) -> Proposal:
        account = account or await self.account()
        custodian = await self.custodian()
        return await self.app.commands.run(
            self.ctx,
            self.credit.proposals.create,
            account.account_holder_id,
            amount=UsdCents(amount),
            terms=values or terms(),
            custodian_id=custodian.id,
        )

    async def term_sheet(self, proposal_id: UUID) -> UUID:
        """As the job that prepares it leaves it; accepted with `SHEET_HASH`."""
        document_id = new_id()

        async def prepare(op: Op) -> None:
            (await op.find(self.credit.proposals.repo, proposal_id)).prepare_term_sheet(
                document_id, SHEET_HASH
            )

        await self.app.commands.run(self.ctx, prepare)
        return document_id

    async def approved(
        self, amount: int, values: TermValues | None = None, *, account: DepositAccount | None = None
    ) -> PendingFacility:
        """Accepted by the customer and approved by the bank: it waits for collateral."""
        proposal = await self.propose(amount, values, account=account)
        verb = self.credit.proposals.conclude_customer_approval
        await self.app.commands.run(self.ctx, verb, proposal.id, True)
        await self._settled()
        return await self.pending(proposal.id)

    async def active(
        self,
        amount: int,
        satoshis: int,
        values: TermValues | None = None,
        *,
        account: DepositAccount | None = None,
    ) -> Facility:
        pending = await self.approved(amount, values, account=account)
        await self.collateral(pending.collateral_id, satoshis)
        await self._settled()
        return await self.facility(pending.id)

    async def collateral(self, collateral_id: UUID, satoshis: int, on: date | None = None) -> None:
        effective = on or self.app.bank_time.today()
        verb = self.credit.collaterals.update
        await self.app.commands.run(self.ctx, verb, collateral_id, Satoshis(satoshis), effective)

    async def shows(self, collateral_id: UUID, balance: int) -> None:
        """The collateral's wallet has this much, and everybody heard."""
        wallet = (await self.secured(collateral_id)).custody_wallet_id
        assert wallet is not None
        verb, now = self.app.custodians.record_balance, self.app.bank_time.now()
        await self.app.commands.run(SYNC, verb, wallet, Satoshis(balance), now)
        await settle(self.app)

    async def disburse(self, facility_id: UUID, amount: int) -> Disbursal:
        """Initiated; decided as the policy says once the processors have run."""
        verb = self.credit.disbursals.initiate
        return await self.app.commands.run(self.ctx, verb, facility_id, UsdCents(amount))

    async def pay(self, facility_id: UUID, amount: int) -> Facility:
        verb = self.credit.payments.record
        return await self.app.commands.run(self.ctx, verb, facility_id, UsdCents(amount))

    async def complete(self, facility_id: UUID) -> Facility:
        return await self.app.commands.run(self.ctx, self.credit.completions.complete, facility_id)

    # --- the days -------------------------------------------------------------------------------------------

    async def end_day(self) -> None:
        """Advance the manual clock to the next closing, and run its end of day."""
        clock = await self.app.commands.run(self.ctx, self.app.time.advance_to_next_end_of_day)
        await self.app.time.after_advance(clock)
        await self.app.end_of_day.tick()

    async def until(self, day: date) -> None:
        """Every closing up to the one labelled `day`, one after another."""
        while self.app.bank_time.today() < day:
            await self.end_day()

    # --- what is --------------------------------------------------------------------------------------------

    async def pending(self, facility_id: UUID) -> PendingFacility:
        found = await self.credit.proposal_reading.pendings.peek(facility_id)
        assert found is not None
        return found

    async def facility(self, facility_id: UUID) -> Facility:
        found = await self.credit.facility_reading.facilities.peek(facility_id)
        assert found is not None
        return found

    async def secured(self, collateral_id: UUID) -> Collateral:
        found = await self.credit.collateral_reading.collaterals.peek(collateral_id)
        assert found is not None
        return found

    async def coins(self, collateral_id: UUID) -> tuple[int, int, int]:
        """What the ledger has: held, in liquidation, liquidated."""
        ids = (await self.secured(collateral_id)).account_ids
        wanted = (
            ids.collateral_account_id,
            ids.collateral_in_liquidation_account_id,
            ids.liquidated_collateral_account_id,
        )
        found = await self.app.books.balances.now(wanted)
        held, sent, sold = (
            found[each]["BTC"].settled.net(Direction.CREDIT) if "BTC" in found[each] else 0 for each in wanted
        )
        return held, sent, sold

    async def told(self, facility_id: UUID) -> list[Entry]:
        """Its history, oldest first."""
        found = await self.credit.facility_reading.find_many_histories(self.ctx, [facility_id])
        return list(reversed(found[facility_id]))

    async def balance(self, facility_id: UUID) -> dict[str, int]:
        """By short names: what the worked examples' tables show."""
        facility = await self.facility(facility_id)
        found = (await self.credit.facility_reading.balances_of(self.ctx, [facility]))[facility_id]
        return {
            "remaining": found.facility_remaining,
            "disbursed_total": found.disbursed.total,
            "disbursed": found.disbursed.outstanding,
            "disbursed_payable": found.disbursed.outstanding_payable,
            "interest_total": found.interest.total,
            "interest": found.interest.outstanding,
            "interest_payable": found.interest.outstanding_payable,
            "unapplied": found.payments_unapplied,
            "uncovered": found.uncovered,
            "collateral": found.collateral,
        }


__all__ = ["BITCOIN", "SHEET_HASH", "Lender", "terms"]
