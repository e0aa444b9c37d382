"""Proposals: made by staff, answered by the customer, decided by the bank; approved ones wait for
collateral.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from lana.core.credit import accounts
from lana.core.credit.collateral.entity import Collateral, LiquidationAccountIds
from lana.core.credit.collateral.entity import Initialized as CollateralInitialized
from lana.core.credit.collateral.repo import CollateralRepo
from lana.core.credit.config import ALLOW_PROPOSAL_WITHDRAWAL
from lana.core.credit.ledger import CreditLedger
from lana.core.credit.pending.entity import Initialized as PendingInitialized
from lana.core.credit.pending.entity import PendingFacility
from lana.core.credit.pending.repo import PendingFacilityRepo
from lana.core.credit.primitives import Actor, CreditObject, FacilityAction, ProposalEnd, ProposalStatus
from lana.core.credit.proposal.entity import Evidence, Initialized, Proposal, require_amount
from lana.core.credit.proposal.errors import (
    CanNotCreateProposalForClosedOrFrozenAccount,
    ProposalWithdrawalNotAllowed,
)
from lana.core.credit.proposal.repo import ProposalRepo
from lana.core.credit.public import FacilityProposalConcluded, FacilityProposalCreated
from lana.core.credit.requests import CreditRequests
from lana.core.credit.snapshots import told_proposal
from lana.core.custody import Custodians
from lana.core.customer import Customers
from lana.core.deposit import AccountStatus, DepositAccounts
from lana.core.domain_config import Settings
from lana.core.governance import GovernanceService, ProcessType
from lana.core.terms import TermValues
from lana.lib.authz import Action, Authorizer, Check
from lana.lib.es.entity import DONE
from lana.lib.es.op import DeferredJob, Op
from lana.lib.money import UsdCents
from lana.lib.pg.database import Database

# the system's own act: no permission set grants it
EXPIRE: Final[Action] = CreditObject.FACILITY.action("expire-proposal")


class Proposals:
    def __init__(
        self,
        db: Database,
        authz: Authorizer,
        *,
        settings: Settings,
        governance: GovernanceService,
        customers: Customers,
        deposit_accounts: DepositAccounts,
        custodians: Custodians,
        requests: CreditRequests,
    ) -> None:
        self.repo = ProposalRepo(db)
        self._pendings = PendingFacilityRepo(db)
        self._collaterals = CollateralRepo(db)
        self._authz = authz
        self._settings = settings
        self._governance = governance
        self._customers = customers
        self._deposit_accounts = deposit_accounts
        self._custodians = custodians
        self._requests = requests
        self._ledger = CreditLedger()

    # --- making one -----------------------------------------------------------------------------------------

    async def create(
        self,
        op: Op,
        customer_id: UUID,
        *,
        amount: UsdCents,
        terms: TermValues,
        custodian_id: UUID,
        credit_request_id: UUID | None = None,
    ) -> Proposal:
        """AmountIsZero, AmountTooLarge, CustodianNotFound, CanNotCreateProposalForClosedOrFrozenAccount,
        CustomerNotEligibleForProduct, and what a request refuses; the verification of the customer does not
        matter.
        """
        self._authz.enforce(op, FacilityAction.CREATE)
        terms.check()
        require_amount(amount)
        custodian = await self._custodians.find(op, custodian_id)
        account = await self._deposit_accounts.maybe_find_of_holder(op, customer_id)
        if account is None or account.status is not AccountStatus.ACTIVE:
            raise CanNotCreateProposalForClosedOrFrozenAccount(customer_id)
        customer = await self._customers.find_eligible(op, customer_id)
        proposal = Proposal.create(
            Initialized(
                id=op.new_id(),
                customer_id=customer.id,
                customer_type=customer.customer_type,
                custodian_id=custodian.id,
                disbursal_credit_account_id=account.id,
                terms=terms,
                amount=amount,
                status=ProposalStatus.PENDING_CUSTOMER_APPROVAL,
                credit_request_id=credit_request_id,
            )
        )
        op.add(self.repo, proposal)
        if credit_request_id is not None:
            await self._requests.mark_proposed(op, credit_request_id, customer.id, proposal.id)
        op.publish(told_proposal(FacilityProposalCreated, proposal))
        op.defer(DeferredJob("credit.prepare-term-sheet", {"proposal_id": str(proposal.id)}))
        return proposal

    # --- the customer's answer ------------------------------------------------------------------------------

    async def conclude_customer_approval(self, op: Op, proposal_id: UUID, approved: bool) -> Proposal:
        """What the customer told the bank. The first answer stays."""
        self._authz.enforce(op, FacilityAction.CUSTOMER_APPROVE, proposal_id)
        proposal = await op.find(self.repo, proposal_id)
        if not approved:
            proposal.decline()
        elif proposal.accept() is DONE:
            await self._ask_governance(op, proposal)
        return proposal

    async def accept(self, op: Op, proposal_id: UUID, agreement_hash: str) -> Proposal:
        """The customer's own yes to the term sheet of this hash. AgreementHashMismatch, TermSheetNotReady."""
        proposal = await self._find_own(op, proposal_id)
        if not proposal.awaits_customer:
            return proposal
        sheet = proposal.agreed_term_sheet(agreement_hash)
        proposal.accept(
            Evidence(
                document_id=sheet.document_id,
                sha256=sheet.sha256,
                subject=str(op.subject),
                accepted_at=op.now,
                client_address=op.ctx.client_address,
            )
        )
        await self._ask_governance(op, proposal)
        return proposal

    async def decline(self, op: Op, proposal_id: UUID, reason: str) -> Proposal:
        """The customer's own no. InvalidRequestText."""
        proposal = await self._find_own(op, proposal_id)
        proposal.decline(reason)
        return proposal

    async def _find_own(self, op: Op, proposal_id: UUID) -> Proposal:
        """Another's is answered as not found."""
        proposal = await op.maybe_find(self.repo, proposal_id)
        if proposal is None or not self._authz.enforce_owner(
            op, FacilityAction.CUSTOMER_APPROVE, proposal_id, proposal.customer_id
        ):
            raise self.repo.not_found(proposal_id)
        return proposal

    async def _ask_governance(self, op: Op, proposal: Proposal) -> None:
        await self._governance.start_process(
            op,
            ProcessType.CREDIT_FACILITY_PROPOSAL,
            proposal.id,
            target_ref=str(proposal.id),
            initiator=op.subject,
            amount=proposal.amount,
        )

    # --- its end --------------------------------------------------------------------------------------------

    async def withdraw(self, op: Op, proposal_id: UUID) -> Proposal:
        """ProposalWithdrawalNotAllowed where the setting is off, ProposalAlreadyConcluded."""
        self._authz.enforce(op, FacilityAction.CUSTOMER_APPROVE, proposal_id)
        if not self._settings.get(ALLOW_PROPOSAL_WITHDRAWAL):
            raise ProposalWithdrawalNotAllowed(proposal_id)
        proposal = await op.find(self.repo, proposal_id)
        await self._end(op, proposal, ProposalEnd.WITHDRAWN)
        return proposal

    async def expire(self, op: Op, proposal_ids: list[UUID]) -> int:
        """Those that nobody decided; answers how many there were."""
        found = await op.find_many(self.repo, proposal_ids)
        expired = [proposal for proposal in found.values() if proposal.is_open]
        if expired:
            op.record(Check(op.subject, EXPIRE, tuple(proposal.id for proposal in expired), authorized=True))
        for proposal in expired:
            await self._end(op, proposal, ProposalEnd.EXPIRED)
        return len(expired)

    async def _end(self, op: Op, proposal: Proposal, reason: ProposalEnd) -> None:
        was_with_committee = proposal.awaits_committee
        if proposal.end(reason) is DONE:
            op.publish(told_proposal(FacilityProposalConcluded, proposal))
            if was_with_committee:
                await self._governance.cancel_process(op, proposal.id)

    async def conclude_approval(self, op: Op, proposal_id: UUID, approved: bool) -> Proposal:
        """What governance decided. Approved: wallet, collateral, accounts and a pending facility, at once."""
        proposal = await op.find(self.repo, proposal_id)
        action = FacilityAction.CONCLUDE_APPROVAL_PROCESS
        op.record_system(Actor.PENDING_CREATION, Check(op.subject, action, (proposal_id,), authorized=True))
        if proposal.end_reason is not None or proposal.conclude_approval(approved) is not DONE:
            return proposal
        if approved:
            await self._await_collateral(op, proposal)
        op.publish(told_proposal(FacilityProposalConcluded, proposal))
        return proposal

    async def _await_collateral(self, op: Op, proposal: Proposal) -> None:
        custodian = await self._custodians.find(op, proposal.custodian_id)
        wallet = await self._custodians.create_wallet(op, custodian, f"CF {proposal.id}")
        ids, collateral_ids = accounts.draw_pending_ids(op), accounts.draw_collateral_ids(op)
        collateral = Collateral.born(
            CollateralInitialized(
                id=op.new_id(),
                secured_loan_id=proposal.id,
                account_ids=collateral_ids,
                facility_ledger_account_ids_for_liquidation=LiquidationAccountIds(
                    proceeds_from_liquidation_account_id=ids.facility_proceeds_from_liquidation_account_id,
                    payment_holding_account_id=ids.facility_payment_holding_account_id,
                    uncovered_outstanding_account_id=ids.facility_uncovered_outstanding_account_id,
                ),
                custody_wallet_id=wallet.id if wallet else None,
            )
        )
        op.add(self._collaterals, collateral)
        accounts.open_collateral(op, collateral.id, collateral_ids)
        accounts.open_pending(op, proposal.id, ids)
        tx_id = op.new_id()
        op.add(self._pendings, PendingFacility.born(_pending(proposal, collateral.id, ids, tx_id)))
        self._ledger.create_proposal(op, proposal.id, tx_id, ids, proposal.amount)


def _pending(
    proposal: Proposal, collateral_id: UUID, ids: accounts.PendingAccountIds, tx_id: UUID
) -> PendingInitialized:
    return PendingInitialized(
        id=proposal.id,
        credit_facility_proposal_id=proposal.id,
        ledger_tx_id=tx_id,
        approval_process_id=proposal.id,
        customer_id=proposal.customer_id,
        customer_type=proposal.customer_type,
        collateral_id=collateral_id,
        terms=proposal.terms,
        amount=proposal.amount,
        account_ids=ids,
        disbursal_credit_account_id=proposal.disbursal_credit_account_id,
    )
