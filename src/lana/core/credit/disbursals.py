"""Disbursals: initiated with their amount reserved, approved by the bank, paid out or cancelled."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from lana.core.credit.disbursal.entity import Disbursal
from lana.core.credit.disbursal.errors import TooManyDisbursals
from lana.core.credit.disbursal.repo import DisbursalRepo
from lana.core.credit.disbursing import disbursal_of, settle
from lana.core.credit.facility.entity import Facility
from lana.core.credit.facility.errors import BelowMarginLimit
from lana.core.credit.facility.repo import FacilityRepo
from lana.core.credit.ledger import CreditLedger
from lana.core.credit.margins import Margins
from lana.core.credit.obligations import Obligations
from lana.core.credit.primitives import Actor, DenialReason, DisbursalAction
from lana.core.credit.public import DisbursalApprovalConcluded, Settlement
from lana.core.credit.snapshots import told_disbursal
from lana.core.customer import Customers
from lana.core.deposit import DepositAccounts
from lana.core.governance import GovernanceService, ProcessType
from lana.core.public_id import PublicIds, TargetKind
from lana.lib.authz import Authorizer, Check
from lana.lib.es.entity import DONE
from lana.lib.es.op import Op
from lana.lib.money import UsdCents
from lana.lib.pg.database import Database

MAX_DISBURSALS: Final = 500
"""Of one facility. With `MAX_CYCLES`, its debts are fewer than are read at once."""


class Disbursals:
    def __init__(
        self,
        db: Database,
        authz: Authorizer,
        *,
        customers: Customers,
        deposit_accounts: DepositAccounts,
        governance: GovernanceService,
        public_ids: PublicIds,
        margins: Margins,
        obligations: Obligations,
    ) -> None:
        self.repo = DisbursalRepo(db)
        self._facilities = FacilityRepo(db)
        self._authz = authz
        self._customers = customers
        self._deposit_accounts = deposit_accounts
        self._governance = governance
        self._public_ids = public_ids
        self._margins = margins
        self._obligations = obligations
        self._ledger = CreditLedger()

    async def initiate(self, op: Op, facility_id: UUID, amount: UsdCents) -> Disbursal:
        self._authz.enforce(op, DisbursalAction.INITIATE)
        facility = await op.find(self._facilities, facility_id)
        await self._customers.find_eligible(op, facility.customer_id)
        facility.require_drawable(op.now)
        if await self.repo.number_of(facility_id) >= MAX_DISBURSALS:
            raise TooManyDisbursals(f"{MAX_DISBURSALS} of {facility_id}")
        price = await self._margins.prices.current(op)
        if price is None or not facility.may_draw(amount, price.price):
            raise BelowMarginLimit(facility_id)
        new = op.new_id()
        public_id = await self._public_ids.draw(op, TargetKind.DISBURSAL, new)
        disbursal = Disbursal.initiate(disbursal_of(facility, new, amount, new, public_id=public_id))
        op.add(self.repo, disbursal)
        await self._governance.start_process(
            op, ProcessType.DISBURSAL, new, target_ref=str(new), initiator=op.subject, amount=amount
        )
        self._ledger.initiate_disbursal(op, new, facility.account_ids, amount)
        await self._margins.move(op, facility, facility.position.owed(reserved=amount))
        return disbursal

    async def conclude_approval(self, op: Op, disbursal_id: UUID, approved: bool) -> None:
        """What governance decided. Approved, it is paid out at once, or at the next fresh price; everybody
        is told now.
        """
        disbursal = await op.find(self.repo, disbursal_id)
        self._record(op, disbursal_id)
        if disbursal.conclude_approval(approved) is not DONE:
            return
        settlement = None
        if approved:
            settlement = await self._pay_out(op, disbursal)
        else:
            facility = await op.find(self._facilities, disbursal.facility_id)
            await self._cancel(op, disbursal, facility, None)
        op.publish(told_disbursal(DisbursalApprovalConcluded, disbursal, settlement))

    async def settle_if_approved(self, op: Op, disbursal_id: UUID) -> bool:
        """What waited for a price or an account; False while it still waits. Cancelled after all, its
        conclusion is told again.
        """
        disbursal = await op.find(self.repo, disbursal_id)
        if not disbursal.awaits_settlement:
            return False
        settlement = await self._pay_out(op, disbursal)
        if disbursal.awaits_settlement:
            return False
        self._record(op, disbursal_id)
        if settlement is None:
            op.publish(told_disbursal(DisbursalApprovalConcluded, disbursal))
        return True

    @staticmethod
    def _record(op: Op, disbursal_id: UUID) -> None:
        check = Check(op.subject, DisbursalAction.SETTLE, (disbursal_id,), authorized=True)
        op.record_system(Actor.DISBURSAL_APPROVAL, check)

    async def _pay_out(self, op: Op, disbursal: Disbursal) -> Settlement | None:
        """What was approved; it goes on waiting while the price is stale or the account takes no money. Past
        the maturity, or below the margin call's CVL at the price of this moment, it is cancelled.
        """
        facility = await op.find(self._facilities, disbursal.facility_id)
        if op.now >= facility.matures_at:
            await self._cancel(op, disbursal, facility, DenialReason.PAST_MATURITY)
            return None
        price = await self._margins.prices.current(op)
        is_active = await self._deposit_accounts.is_active(op, disbursal.disbursal_credit_account_id)
        if price is None or not price.fresh or not is_active:
            return None
        if facility.may_draw(UsdCents(0), price.price):
            return await self._settle(op, disbursal, facility)
        await self._cancel(op, disbursal, facility, DenialReason.BELOW_MARGIN_LIMIT)
        return None

    async def _settle(self, op: Op, disbursal: Disbursal, facility: Facility) -> Settlement:
        tx_id, amount = op.new_id(), disbursal.amount
        self._ledger.confirm_disbursal(
            op,
            tx_id,
            disbursal.id,
            facility.account_ids,
            deposit_account_id=disbursal.disbursal_credit_account_id,
            amount=amount,
        )
        settlement = settle(
            op, self._obligations, facility, disbursal, tx_id=tx_id, reference=f"disbursal-{disbursal.id}"
        )
        position = facility.position.owed(disbursed=amount, reserved=-amount)
        await self._margins.move(op, facility, position)
        return settlement

    async def _cancel(
        self, op: Op, disbursal: Disbursal, facility: Facility, reason: DenialReason | None
    ) -> None:
        tx_id = op.new_id()
        self._ledger.cancel_disbursal(op, tx_id, disbursal.id, facility.account_ids, disbursal.amount)
        disbursal.cancel(tx_id, reason)
        await self._margins.move(op, facility, facility.position.owed(reserved=-disbursal.amount))
