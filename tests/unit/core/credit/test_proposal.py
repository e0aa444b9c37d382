from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from lana.core.credit import ProposalEnd, ProposalStatus
from lana.core.credit.proposal.entity import (
    ApprovalProcessConcluded,
    ApprovalProcessStarted,
    CustomerApprovalConcluded,
    Ended,
    Evidence,
    Initialized,
    Proposal,
)
from lana.core.credit.proposal.errors import (
    AgreementHashMismatch,
    AmountIsZero,
    ApprovalProcessNotStarted,
    ProposalAlreadyConcluded,
    TermSheetNotReady,
)
from lana.core.credit.request.errors import InvalidRequestText
from lana.core.customer import CustomerType
from lana.lib.es.entity import ALREADY, DONE
from lana.lib.money import MOST_CENTS, AmountTooLarge, UsdCents
from tests.support.lending import terms

ID, SHEET, ANOTHER = UUID(int=1), UUID(int=2), UUID(int=3)
HASH = "ab" * 32
EVIDENCE = Evidence(
    document_id=SHEET,
    sha256=HASH,
    subject="customer:7",
    accepted_at=datetime(2026, 1, 15, 12, tzinfo=UTC),
    client_address="192.0.2.1",
)


def a_proposal(amount: int = 100_000) -> Proposal:
    return Proposal.create(
        Initialized(
            id=ID,
            customer_id=UUID(int=7),
            customer_type=CustomerType.INDIVIDUAL,
            custodian_id=UUID(int=8),
            disbursal_credit_account_id=UUID(int=9),
            terms=terms(),
            amount=UsdCents(amount),
            status=ProposalStatus.PENDING_CUSTOMER_APPROVAL,
        )
    )


def accepted() -> Proposal:
    proposal = a_proposal()
    proposal.accept()
    return proposal


def concluded() -> list[Proposal]:
    """Every way in which a proposal comes to its end."""
    declined, approved, denied, expired, withdrawn = (
        a_proposal(),
        accepted(),
        accepted(),
        a_proposal(),
        accepted(),
    )
    declined.decline("too dear")
    approved.conclude_approval(approved=True)
    denied.conclude_approval(approved=False)
    expired.end(ProposalEnd.EXPIRED)
    withdrawn.end(ProposalEnd.WITHDRAWN)
    return [declined, approved, denied, expired, withdrawn]


def last(proposal: Proposal) -> object:
    return proposal.pending[-1]


def test_nothing_is_no_amount() -> None:
    with pytest.raises(AmountIsZero) as refusal:
        a_proposal(amount=0)
    assert refusal.value.code == "AMOUNT_IS_ZERO"
    assert refusal.value.field == "facility"


def test_more_than_anybody_has_is_no_amount() -> None:
    a_proposal(amount=MOST_CENTS)
    with pytest.raises(AmountTooLarge) as refusal:
        a_proposal(amount=MOST_CENTS + 1)
    assert refusal.value.field == "facility"


def test_it_waits_for_the_customer_first() -> None:
    proposal = a_proposal()
    assert proposal.status is ProposalStatus.PENDING_CUSTOMER_APPROVAL
    assert proposal.is_open
    assert proposal.awaits_customer
    assert not proposal.awaits_committee


def test_the_customers_yes_starts_the_process_that_bears_the_proposals_id() -> None:
    proposal = a_proposal()
    assert proposal.accept(EVIDENCE) is DONE
    status = ProposalStatus.PENDING_APPROVAL
    assert proposal.pending[1:] == [
        CustomerApprovalConcluded(status=status, evidence=EVIDENCE),
        ApprovalProcessStarted(approval_process_id=ID, status=status),
    ]
    assert proposal.evidence == EVIDENCE
    assert proposal.awaits_committee
    assert proposal.is_open


def test_the_customers_no_is_final() -> None:
    proposal = a_proposal()
    assert proposal.decline("too dear") is DONE
    assert last(proposal) == CustomerApprovalConcluded(
        status=ProposalStatus.CUSTOMER_DENIED, decline_reason="too dear"
    )
    assert not proposal.is_open


@pytest.mark.parametrize("reason", ["", " \n", "x" * 2_001])
def test_a_no_with_a_reason_says_something_and_not_too_much(reason: str) -> None:
    proposal = a_proposal()
    with pytest.raises(InvalidRequestText) as refusal:
        proposal.decline(reason)
    assert refusal.value.field == "reason"
    assert proposal.awaits_customer
    assert proposal.decline("x" * 2_000) is DONE


def test_a_customer_answers_once() -> None:
    yes, no = accepted(), a_proposal()
    no.decline()
    for proposal in (yes, no):
        version, status = proposal.version, proposal.status
        assert proposal.accept(EVIDENCE) is ALREADY
        assert proposal.decline("changed my mind") is ALREADY
        assert (proposal.version, proposal.status, proposal.evidence) == (version, status, None)


def test_the_bank_does_not_decide_before_the_customer() -> None:
    declined = a_proposal()
    declined.decline()
    for proposal in (a_proposal(), declined):
        with pytest.raises(ApprovalProcessNotStarted):
            proposal.conclude_approval(approved=True)


@pytest.mark.parametrize(
    ("approved", "status"), [(True, ProposalStatus.APPROVED), (False, ProposalStatus.DENIED)]
)
def test_the_bank_decides_once(approved: bool, status: ProposalStatus) -> None:
    proposal = accepted()
    assert proposal.conclude_approval(approved) is DONE
    assert last(proposal) == ApprovalProcessConcluded(approval_process_id=ID, status=status)
    assert proposal.conclude_approval(not approved) is ALREADY
    assert proposal.status is status
    assert proposal.end_reason is None


@pytest.mark.parametrize("reason", list(ProposalEnd))
def test_what_nobody_decided_ends_denied_with_its_reason(reason: ProposalEnd) -> None:
    for proposal in (a_proposal(), accepted()):
        assert proposal.end(reason) is DONE
        assert last(proposal) == Ended(reason=reason, status=ProposalStatus.DENIED)
        assert (proposal.status, proposal.end_reason) == (ProposalStatus.DENIED, reason)
        assert proposal.end(reason) is ALREADY


def test_what_was_decided_neither_expires_nor_is_withdrawn() -> None:
    for proposal in concluded()[:3]:
        for reason in ProposalEnd:
            with pytest.raises(ProposalAlreadyConcluded):
                proposal.end(reason)
        assert proposal.end_reason is None


def test_an_end_stays_whatever_comes_late() -> None:
    for proposal in concluded():
        before = proposal.version, proposal.status
        assert proposal.accept() is ALREADY
        assert proposal.decline() is ALREADY
        if proposal.approval_process_id:
            assert proposal.conclude_approval(approved=True) is ALREADY
        assert (proposal.version, proposal.status) == before
        assert not proposal.is_open


def test_the_first_term_sheet_stays() -> None:
    proposal = a_proposal()
    assert proposal.prepare_term_sheet(SHEET, HASH) is DONE
    assert proposal.prepare_term_sheet(ANOTHER, "cd" * 32) is ALREADY
    assert proposal.term_sheet is not None
    assert proposal.term_sheet.document_id == SHEET


def test_only_the_hash_of_the_term_sheet_shown_is_taken() -> None:
    proposal = a_proposal()
    with pytest.raises(TermSheetNotReady):
        proposal.agreed_term_sheet(HASH)
    proposal.prepare_term_sheet(SHEET, HASH)
    for wrong in ("", HASH[:-1], HASH + "0", "cd" * 32):
        with pytest.raises(AgreementHashMismatch) as refusal:
            proposal.agreed_term_sheet(wrong)
        assert refusal.value.field == "agreementHash"
    assert proposal.agreed_term_sheet(HASH.upper()).document_id == SHEET
