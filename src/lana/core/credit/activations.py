"""Activation: enough collateral makes a pending facility a facility, with its first disbursal and its fee."""

from __future__ import annotations

from uuid import UUID

from lana.core.credit import accounts
from lana.core.credit.cvl import CollateralizationState, calculated
from lana.core.credit.disbursal.entity import Disbursal
from lana.core.credit.disbursal.repo import DisbursalRepo
from lana.core.credit.disbursing import disbursal_of, settle
from lana.core.credit.facility.entity import Facility
from lana.core.credit.facility.events import Initialized
from lana.core.credit.facility.repo import FacilityRepo
from lana.core.credit.history import Approved, tell
from lana.core.credit.interest import Interest
from lana.core.credit.ledger import CreditLedger
from lana.core.credit.margins import Margins
from lana.core.credit.obligations import Obligations
from lana.core.credit.pending.entity import PendingFacility
from lana.core.credit.pending.repo import PendingFacilityRepo
from lana.core.credit.position import Outstanding
from lana.core.credit.primitives import Actor, FacilityAccountIds, FacilityAction
from lana.core.credit.public import (
    DisbursalApprovalConcluded,
    FacilityActivated,
    PendingCreditFacilityCompleted,
)
from lana.core.credit.snapshots import told_disbursal, told_facility, told_pending
from lana.core.deposit import DepositAccounts
from lana.core.public_id import PublicIds, TargetKind
from lana.core.time import BankTime
from lana.lib.authz import Check
from lana.lib.es.op import Op
from lana.lib.money import UsdCents
from lana.lib.pg.database import Database


class Activations:
    def __init__(
        self,
        db: Database,
        time: BankTime,
        *,
        public_ids: PublicIds,
        deposit_accounts: DepositAccounts,
        margins: Margins,
        interest: Interest,
        obligations: Obligations,
    ) -> None:
        self.pendings = PendingFacilityRepo(db)
        self.facilities = FacilityRepo(db)
        self.disbursals = DisbursalRepo(db)
        self._time = time
        self._public_ids = public_ids
        self._deposit_accounts = deposit_accounts
        self._margins = margins
        self._interest = interest
        self._obligations = obligations
        self._ledger = CreditLedger()

    async def activate(self, op: Op, pending_id: UUID) -> Facility | None:
        """At the fresh price of this moment. None, and nothing happens, while the price is stale, the
        collateral is not enough at it, or the customer's account takes no money: it is tried again at the
        next price.
        """
        pending = await op.find(self.pendings, pending_id)
        if not pending.is_waiting:
            return None
        price = await self._margins.prices.current(op)
        if price is None or not price.fresh:
            return None
        if not pending.is_enough(price.price):
            await self._margins.look_pending(op, pending)
            return None
        if not await self._deposit_accounts.is_active(op, pending.disbursal_credit_account_id):
            return None
        return await self.begin(op, pending, price.price)

    async def begin(self, op: Op, pending: PendingFacility, price: UsdCents) -> Facility:
        """All of an activation, in the Op that decided it."""
        check = Check(op.subject, FacilityAction.ACTIVATE, (pending.id,), authorized=True)
        op.record_system(Actor.ACTIVATION, check)
        pending.complete()
        op.publish(told_pending(PendingCreditFacilityCompleted, pending, op.now))
        ids = accounts.draw_facility_ids(op, pending.account_ids)
        facility = Facility.born(await self._begun(op, pending, ids, price))
        op.add(self.facilities, facility)
        accounts.open_facility(op, facility.id, ids, pending.terms.term, pending.customer_type)
        self._interest.start_first_cycle(op, facility)
        self._ledger.activate(op, facility.id, facility.ledger_tx_id, ids, facility.amount)
        told = Approved(cents=facility.amount, ledger_transaction_id=facility.ledger_tx_id)
        tell(op, facility.id, told)
        op.publish(told_facility(FacilityActivated, facility))
        await self._disburse(op, facility)
        return facility

    async def _begun(
        self, op: Op, pending: PendingFacility, ids: FacilityAccountIds, price: UsdCents
    ) -> Initialized:
        terms, amount = pending.terms, pending.amount
        maturity = terms.maturity_date(op.today)
        state = calculated(pending.cvl(price), pending.thresholds)
        single = UsdCents(amount if terms.single_disbursal else 0)
        return Initialized(
            id=pending.id,
            pending_credit_facility_id=pending.id,
            customer_id=pending.customer_id,
            customer_type=pending.customer_type,
            collateral_id=pending.collateral_id,
            ledger_tx_id=op.new_id(),
            structuring_fee_tx_id=op.new_id() if terms.fee(amount) else None,
            terms=terms,
            amount=amount,
            account_ids=ids,
            disbursal_credit_account_id=pending.disbursal_credit_account_id,
            public_id=await self._public_ids.draw(op, TargetKind.CREDIT_FACILITY, pending.id),
            activated_at=op.now,
            activated_on=op.today,
            maturity_date=maturity,
            matures_at=self._time.start_of(maturity),
            collateralization_state=CollateralizationState(state),
            collateral=pending.collateral,
            outstanding=Outstanding(disbursed=single),
            price=price,
        )

    async def _disburse(self, op: Op, facility: Facility) -> None:
        """The whole amount, or what pays the fee; then the fee is taken from the deposit account."""
        fee = facility.terms.fee(facility.amount)
        drawn = facility.amount if facility.terms.single_disbursal else fee
        if drawn:
            await self._disburse_at_once(op, facility, drawn)
        if fee and facility.structuring_fee_tx_id:
            self._ledger.add_structuring_fee(
                op,
                facility.structuring_fee_tx_id,
                facility.account_ids,
                facility.disbursal_credit_account_id,
                fee,
            )
        await self._margins.move(op, facility, facility.position.owed(disbursed=drawn))

    async def _disburse_at_once(self, op: Op, facility: Facility, amount: UsdCents) -> None:
        disbursal_id = op.new_id()
        public_id = await self._public_ids.draw(op, TargetKind.DISBURSAL, disbursal_id)
        disbursal = Disbursal.initiate(
            disbursal_of(facility, disbursal_id, amount, facility.id, public_id=public_id)
        )
        op.add(self.disbursals, disbursal)
        disbursal.conclude_approval(approved=True)
        self._ledger.initial_disbursal(
            op, disbursal_id, facility.account_ids, facility.disbursal_credit_account_id, amount
        )
        settlement = settle(
            op,
            self._obligations,
            facility,
            disbursal,
            tx_id=disbursal_id,
            reference=f"initial-disbursal-{disbursal_id}",
        )
        op.publish(told_disbursal(DisbursalApprovalConcluded, disbursal, settlement))
