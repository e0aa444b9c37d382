"""A proposal: offered to a customer, answered by them, decided by the bank."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

import msgspec

from lana.core.credit.primitives import ProposalEnd, ProposalStatus
from lana.core.credit.proposal.errors import (
    AgreementHashMismatch,
    AmountIsZero,
    ApprovalProcessNotStarted,
    ProposalAlreadyConcluded,
    TermSheetNotReady,
)
from lana.core.credit.request.application import MAX_REASON, require_text
from lana.core.customer import CustomerType
from lana.core.terms import TermValues
from lana.lib.es.entity import ALREADY, Entity, Event, Outcome
from lana.lib.money import UsdCents, require_cents

OPEN = frozenset({ProposalStatus.PENDING_CUSTOMER_APPROVAL, ProposalStatus.PENDING_APPROVAL})


class TermSheetRef(msgspec.Struct, frozen=True, kw_only=True):
    """The generated term sheet; `sha256` in lower-case hex."""

    document_id: UUID
    sha256: str


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer accepted, and how that is known."""

    document_id: UUID
    sha256: str
    subject: str
    accepted_at: datetime
    client_address: str | None = None


class Initialized(Event, frozen=True, tag="initialized"):
    id: UUID
    customer_id: UUID
    customer_type: CustomerType
    custodian_id: UUID
    disbursal_credit_account_id: UUID
    terms: TermValues
    amount: UsdCents
    status: ProposalStatus
    credit_request_id: UUID | None = None


class TermSheetPrepared(Event, frozen=True, tag="term_sheet_prepared"):
    term_sheet: TermSheetRef


class CustomerApprovalConcluded(Event, frozen=True, tag="customer_approval_concluded"):
    status: ProposalStatus
    evidence: Evidence | None = None
    decline_reason: str | None = None


class ApprovalProcessStarted(Event, frozen=True, tag="approval_process_started"):
    approval_process_id: UUID
    status: ProposalStatus


class ApprovalProcessConcluded(Event, frozen=True, tag="approval_process_concluded"):
    approval_process_id: UUID
    status: ProposalStatus


class Ended(Event, frozen=True, tag="ended"):
    reason: ProposalEnd
    status: ProposalStatus


ProposalEvent = (
    Initialized
    | TermSheetPrepared
    | CustomerApprovalConcluded
    | ApprovalProcessStarted
    | ApprovalProcessConcluded
    | Ended
)


class Proposal(Entity[ProposalEvent]):
    """Decided once. Its id is that of the approval process, the pending facility and the facility."""

    kind: ClassVar[str] = "credit_facility_proposal"
    event_types: ClassVar[object] = ProposalEvent

    customer_id: UUID
    customer_type: CustomerType
    custodian_id: UUID
    disbursal_credit_account_id: UUID
    terms: TermValues
    amount: UsdCents
    status: ProposalStatus
    credit_request_id: UUID | None = None
    approval_process_id: UUID | None = None
    term_sheet: TermSheetRef | None = None
    evidence: Evidence | None = None
    decline_reason: str | None = None
    end_reason: ProposalEnd | None = None

    @classmethod
    def begin(cls, event: ProposalEvent) -> Self:
        assert isinstance(event, Initialized)
        return cls(
            id=event.id,
            customer_id=event.customer_id,
            customer_type=event.customer_type,
            custodian_id=event.custodian_id,
            disbursal_credit_account_id=event.disbursal_credit_account_id,
            terms=event.terms,
            amount=event.amount,
            status=event.status,
            credit_request_id=event.credit_request_id,
        )

    def apply(self, event: ProposalEvent) -> None:
        match event:
            case TermSheetPrepared(term_sheet=term_sheet):
                self.term_sheet = term_sheet
            case CustomerApprovalConcluded():
                self.status = event.status
                self.evidence = event.evidence
                self.decline_reason = event.decline_reason
            case ApprovalProcessStarted():
                self.status = event.status
                self.approval_process_id = event.approval_process_id
            case ApprovalProcessConcluded():
                self.status = event.status
            case Ended(reason=reason):
                self.status = event.status
                self.end_reason = reason
            case Initialized():
                raise ValueError("a proposal begins once")

    @classmethod
    def create(cls, event: Initialized) -> Self:
        require_amount(event.amount)
        return cls.born(event)

    @property
    def is_open(self) -> bool:
        """Nobody has said the last word yet."""
        return self.status in OPEN

    @property
    def awaits_customer(self) -> bool:
        return self.status is ProposalStatus.PENDING_CUSTOMER_APPROVAL

    @property
    def awaits_committee(self) -> bool:
        return self.status is ProposalStatus.PENDING_APPROVAL

    def prepare_term_sheet(self, document_id: UUID, sha256: str) -> Outcome:
        """The first one stays: it is what the customer is shown."""
        if self.term_sheet is not None:
            return ALREADY
        return self.emit(TermSheetPrepared(term_sheet=TermSheetRef(document_id=document_id, sha256=sha256)))

    def accept(self, evidence: Evidence | None = None) -> Outcome:
        """The customer's yes; governance is asked next, under the proposal's id."""
        if not self.awaits_customer:
            return ALREADY
        status = ProposalStatus.PENDING_APPROVAL
        return self.emit(
            CustomerApprovalConcluded(status=status, evidence=evidence),
            ApprovalProcessStarted(approval_process_id=self.id, status=status),
        )

    def decline(self, reason: str | None = None) -> Outcome:
        """InvalidRequestText for a reason that says nothing, or too much."""
        if reason is not None:
            require_text("reason", reason, MAX_REASON)
        if not self.awaits_customer:
            return ALREADY
        status = ProposalStatus.CUSTOMER_DENIED
        return self.emit(CustomerApprovalConcluded(status=status, decline_reason=reason))

    def agreed_term_sheet(self, agreement_hash: str) -> TermSheetRef:
        """The term sheet whose hash the customer names. TermSheetNotReady, AgreementHashMismatch."""
        if self.term_sheet is None:
            raise TermSheetNotReady(self.id)
        if agreement_hash.lower() != self.term_sheet.sha256:
            raise AgreementHashMismatch(self.id, field="agreementHash")
        return self.term_sheet

    def conclude_approval(self, approved: bool) -> Outcome:
        if self.approval_process_id is None:
            raise ApprovalProcessNotStarted(self.id)
        if not self.awaits_committee:
            return ALREADY
        status = ProposalStatus.APPROVED if approved else ProposalStatus.DENIED
        return self.emit(
            ApprovalProcessConcluded(approval_process_id=self.approval_process_id, status=status)
        )

    def end(self, reason: ProposalEnd) -> Outcome:
        """Without a decision: expired or withdrawn."""
        if self.end_reason is not None:
            return ALREADY
        if not self.is_open:
            raise ProposalAlreadyConcluded(self.id)
        return self.emit(Ended(reason=reason, status=ProposalStatus.DENIED))


def require_amount(amount: UsdCents) -> None:
    """AmountIsZero, AmountTooLarge."""
    if amount == 0:
        raise AmountIsZero(field="facility")
    require_cents(amount, "facility")
