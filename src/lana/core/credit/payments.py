"""Payments: recorded and allocated in one Op, so that money is never between two places."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from lana.core.credit.allocating import shares, unpaid
from lana.core.credit.allocation.entity import Allocation
from lana.core.credit.allocation.entity import Initialized as AllocationInitialized
from lana.core.credit.allocation.repo import AllocationRepo
from lana.core.credit.facility.entity import Facility
from lana.core.credit.facility.errors import PaymentBeforeFacilityActivation
from lana.core.credit.facility.repo import FacilityRepo
from lana.core.credit.history import IncrementalPayment, tell
from lana.core.credit.interest import Interest
from lana.core.credit.ledger import CreditLedger
from lana.core.credit.margins import Margins
from lana.core.credit.obligation.entity import Obligation
from lana.core.credit.obligations import Obligations
from lana.core.credit.payment.entity import Initialized, Payment
from lana.core.credit.payment.errors import AmountIsZero, PaymentAmountGreaterThanOutstandingObligations
from lana.core.credit.payment.repo import PaymentRepo
from lana.core.credit.primitives import ObligationAction
from lana.core.credit.proposal.errors import CanNotCreateProposalForClosedOrFrozenAccount
from lana.core.credit.public import ObligationCompleted, PaymentAllocationCreated, PaymentCreated
from lana.core.credit.snapshots import told_obligation
from lana.core.deposit import DepositAccounts
from lana.lib.authz import Authorizer
from lana.lib.es.op import Op
from lana.lib.money import UsdCents
from lana.lib.pg.database import Database


class Payments:
    def __init__(
        self,
        db: Database,
        authz: Authorizer,
        *,
        deposit_accounts: DepositAccounts,
        margins: Margins,
        interest: Interest,
        obligations: Obligations,
    ) -> None:
        self._payments = PaymentRepo(db)
        self._allocations = AllocationRepo(db)
        self._facilities = FacilityRepo(db)
        self._authz = authz
        self._deposit_accounts = deposit_accounts
        self._margins = margins
        self._interest = interest
        self._obligations = obligations
        self._ledger = CreditLedger()

    async def record(self, op: Op, facility_id: UUID, amount: UsdCents) -> Facility:
        """From the customer's deposit account, effective today."""
        self._authz.enforce(op, ObligationAction.RECORD_PAYMENT_ALLOCATION)
        facility = await op.find(self._facilities, facility_id)
        return await self._record(op, facility, amount, op.today)

    async def record_with_date(
        self, op: Op, facility_id: UUID, amount: UsdCents, effective: date
    ) -> Facility:
        """As `record`, effective on a day not before the activation. PaymentBeforeFacilityActivation."""
        self._authz.enforce(op, ObligationAction.RECORD_PAYMENT_ALLOCATION_WITH_DATE)
        facility = await op.find(self._facilities, facility_id)
        if effective < facility.activated_on:
            raise PaymentBeforeFacilityActivation(facility_id, field="effective")
        return await self._record(op, facility, amount, effective)

    async def _record(self, op: Op, facility: Facility, amount: UsdCents, effective: date) -> Facility:
        source = facility.disbursal_credit_account_id
        if not await self._deposit_accounts.is_active(op, source):
            raise CanNotCreateProposalForClosedOrFrozenAccount(source)
        facility.require_payable()
        if amount == 0:
            raise AmountIsZero(field="amount")
        owed = await self._obligations.repo.find_unpaid(op, facility.id)
        if amount > unpaid(owed):
            owed = [*owed, *await self._post_for_payoff(op, facility, amount, owed, effective)]
        await self._pay(op, facility, op.new_id(), source, amount=amount, effective=effective, owed=owed)
        return facility

    async def _post_for_payoff(
        self, op: Op, facility: Facility, amount: UsdCents, owed: Sequence[Obligation], effective: date
    ) -> Sequence[Obligation]:
        """Exactly the payoff, today: interest of all days over becomes due. More than that is refused."""
        accrued = await self._interest.accrued_unposted(op, facility)
        if effective != op.today or amount != unpaid(owed) + accrued:
            raise PaymentAmountGreaterThanOutstandingObligations(
                f"{amount} of {unpaid(owed)} owed", field="amount"
            )
        return await self._interest.post_ended(op, facility)

    async def apply_proceeds(self, op: Op, facility: Facility, payment_id: UUID, amount: UsdCents) -> None:
        """Of a liquidation: what is owed takes at most that much; the rest is the customer's, also while the
        customer's account is frozen.
        """
        owed = await self._obligations.repo.find_unpaid(op, facility.id)
        taken = UsdCents(min(amount, unpaid(owed)))
        source = facility.account_ids.facility_proceeds_from_liquidation_account_id
        if taken:
            await self._pay(op, facility, payment_id, source, amount=taken, effective=op.today, owed=owed)
        surplus, account_id = UsdCents(amount - taken), facility.disbursal_credit_account_id
        if surplus:
            await self._deposit_accounts.take_in(
                op,
                account_id,
                surplus,
                lambda: self._ledger.return_surplus(op, op.new_id(), source, account_id, surplus),
            )

    async def _pay(
        self,
        op: Op,
        facility: Facility,
        payment_id: UUID,
        source: UUID,
        *,
        amount: UsdCents,
        effective: date,
        owed: Sequence[Obligation],
    ) -> None:
        ids = facility.account_ids
        payment = Payment.record(
            Initialized(
                id=payment_id,
                ledger_tx_id=payment_id,
                beneficiary_id=facility.id,
                facility_payment_holding_account_id=ids.facility_payment_holding_account_id,
                facility_uncovered_outstanding_account_id=ids.facility_uncovered_outstanding_account_id,
                payment_source_account_id=source,
                amount=amount,
                effective=effective,
            )
        )
        op.add(self._payments, payment)
        self._ledger.record_payment(
            op,
            payment_id,
            facility.id,
            ids,
            source_account_id=source,
            amount=amount,
            effective=effective,
        )
        op.publish(
            PaymentCreated(
                id=payment_id,
                beneficiary_id=facility.id,
                amount=amount,
                recorded_at=op.now,
                effective=effective,
            )
        )
        position, given = facility.position, shares(amount, owed)
        assert sum(share for _, share in given) == amount, "a payment is at most what is owed"
        for obligation, share in given:
            payable = share if obligation.is_payable else 0
            position = position.owed_of(obligation.obligation_type, outstanding=-share, payable=-payable)
            self._allocate(op, facility, payment, obligation, share)
        await self._margins.move(op, facility, position)

    def _allocate(
        self, op: Op, facility: Facility, payment: Payment, obligation: Obligation, share: UsdCents
    ) -> None:
        allocation_id, receivable = op.new_id(), obligation.receivable_account_id
        holding, idx = facility.account_ids.facility_payment_holding_account_id, obligation.allocations + 1
        effective = payment.effective
        obligation.allocate(share, payment_id=payment.id, allocation_id=allocation_id, effective=effective)
        allocation = Allocation.born(
            AllocationInitialized(
                id=allocation_id,
                ledger_tx_id=allocation_id,
                payment_id=payment.id,
                obligation_id=obligation.id,
                payment_allocation_idx=idx,
                obligation_type=obligation.obligation_type,
                beneficiary_id=facility.id,
                amount=share,
                receivable_account_id=receivable,
                payment_holding_account_id=holding,
                effective=effective,
            )
        )
        op.add(self._allocations, allocation)
        self._ledger.record_allocation(
            op,
            allocation_id,
            (holding, receivable),
            share,
            external_id=f"obligation-{obligation.id}-idx-{idx}",
            effective=effective,
        )
        op.publish(
            PaymentAllocationCreated(
                id=allocation_id,
                obligation_id=obligation.id,
                obligation_type=obligation.obligation_type,
                beneficiary_id=facility.id,
                amount=share,
                recorded_at=op.now,
                effective=effective,
            )
        )
        tell(op, facility.id, IncrementalPayment(cents=share, payment_id=allocation_id), effective)
        if obligation.is_paid:
            op.publish(told_obligation(ObligationCompleted, obligation, op.now))
