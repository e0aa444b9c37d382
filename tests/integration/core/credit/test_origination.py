"""Proposals: what is refused in which order, who answers, what an approval makes at once, and every other end."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from lana.app import App
from lana.core.credit import (
    PendingState,
    ProposalStatus,
    RequestAlreadyConcluded,
    RequestOfAnotherCustomer,
    RequestStatus,
)
from lana.core.credit.proposal.errors import (
    AgreementHashMismatch,
    AmountIsZero,
    ApprovalProcessNotStarted,
    CanNotCreateProposalForClosedOrFrozenAccount,
    TermSheetNotReady,
)
from lana.core.credit.request.entity import CreditRequest
from lana.core.credit.request.entity import Initialized as RequestInitialized
from lana.core.custody import Custodian
from lana.core.customer import CustomerNotEligibleForProduct
from lana.core.governance import ProcessType
from lana.core.terms import MarginCallAboveInitialLimit
from lana.lib.authz import Ctx, Subject
from lana.lib.errors import NotAuthorized, NotFound, Refusal
from lana.lib.es.op import Op
from lana.lib.money import UsdCents
from tests.support.bank import make_customer
from tests.support.custodian import Vault, make_vault
from tests.support.lending import SHEET_HASH, Lender, terms
from tests.support.loan_life import by_committee, decide, posted, told
from tests.support.proof import assert_clean, no_effect, settle
from tests.support.proposing import AMOUNT, answer, create, has_pending, proposal_of

pytestmark = pytest.mark.asyncio


@pytest.fixture
def lender(app: App, superuser: Ctx) -> Lender:
    return Lender(app, superuser)


# --- making one -------------------------------------------------------------------------------------------------


async def test_a_proposal_waits_for_its_customer_and_the_bank_is_told(lender: Lender) -> None:
    account = await lender.account()
    proposal = await lender.propose(AMOUNT, account=account)
    assert proposal.status is ProposalStatus.PENDING_CUSTOMER_APPROVAL
    assert proposal.customer_id == account.account_holder_id
    assert proposal.disbursal_credit_account_id == account.id
    (event,) = await told(lender, "FacilityProposalCreated")
    assert (event["id"], event["status"], event["amount"]) == (
        str(proposal.id),
        "pending_customer_approval",
        AMOUNT,
    )
    await assert_clean(lender.app)


async def test_whatever_is_refused_first_is_what_is_told(lender: Lender) -> None:
    """Each time everything behind it is wrong too."""
    custodian = await lender.custodian()
    nobody, nowhere = uuid4(), uuid4()
    bad = terms(cvls=("120", "125", "105"))
    teller = Ctx(subject=Subject.user(uuid4()), request_id="test")
    async with no_effect(lender.app.db):
        with pytest.raises(NotAuthorized):
            await create(lender, nobody, nowhere, amount=0, values=bad, ctx=teller)
        with pytest.raises(MarginCallAboveInitialLimit):
            await create(lender, nobody, nowhere, amount=0, values=bad)
        with pytest.raises(AmountIsZero):
            await create(lender, nobody, nowhere, amount=0)
        with pytest.raises(Refusal, match="CustodianError - NotFound"):
            await create(lender, nobody, nowhere)
        with pytest.raises(CanNotCreateProposalForClosedOrFrozenAccount) as no_account:
            await create(lender, nobody, custodian.id)
    assert no_account.value.message.startswith(
        "ApplicationError - CanNotCreateProposalForClosedOrFrozenAccount"
    )


async def _without_account(lender: Lender) -> UUID:
    return (await make_customer(lender.app, lender.ctx)).id


async def _with_frozen_account(lender: Lender) -> UUID:
    account = await lender.account()
    await lender.app.commands.run(lender.ctx, lender.app.deposit_accounts.freeze_account, account.id)
    return account.account_holder_id


async def _with_closed_account(lender: Lender) -> UUID:
    account = await lender.account()
    await lender.app.commands.run(lender.ctx, lender.app.deposit_accounts.close_account, account.id)
    return account.account_holder_id


async def test_a_customer_needs_an_account_that_is_neither_closed_nor_frozen(lender: Lender) -> None:
    custodian = await lender.custodian()
    for make in (_without_account, _with_frozen_account, _with_closed_account):
        customer_id = await make(lender)
        async with no_effect(lender.app.db):
            with pytest.raises(CanNotCreateProposalForClosedOrFrozenAccount):
                await create(lender, customer_id, custodian.id)


async def test_a_frozen_customer_gets_no_proposal_even_before_the_account_has_followed(
    lender: Lender,
) -> None:
    account, custodian = await lender.account(), await lender.custodian()
    holder = account.account_holder_id
    await lender.app.commands.run(lender.ctx, lender.app.customers.freeze_customer, holder)
    with pytest.raises(CustomerNotEligibleForProduct):
        await create(lender, holder, custodian.id)
    await settle(lender.app)
    with pytest.raises(CanNotCreateProposalForClosedOrFrozenAccount):
        await create(lender, holder, custodian.id)


async def a_request(lender: Lender, customer_id: UUID) -> CreditRequest:
    request = RequestInitialized(
        id=uuid4(),
        customer_id=customer_id,
        terms_template_id=uuid4(),
        amount=UsdCents(AMOUNT),
        purpose="a house",
        status=RequestStatus.SUBMITTED,
        public_id="none",
    )

    async def submit(op: Op) -> CreditRequest:
        return op.add(lender.app.credit_requests.repo, CreditRequest.born(request))

    return await lender.app.commands.run(lender.ctx, submit)


async def test_a_request_is_answered_in_the_same_op_and_once(lender: Lender) -> None:
    account, another, custodian = await lender.account(), await lender.account(), await lender.custodian()
    request = await a_request(lender, account.account_holder_id)
    async with no_effect(lender.app.db):
        with pytest.raises(RequestOfAnotherCustomer):
            await create(lender, another.account_holder_id, custodian.id, request_id=request.id)
    proposal = await create(lender, account.account_holder_id, custodian.id, request_id=request.id)
    answered = await lender.app.credit_requests.repo.peek(request.id)
    assert answered is not None
    assert (answered.status, answered.proposal_id) == (RequestStatus.PROPOSED, proposal.id)
    assert proposal.credit_request_id == request.id
    async with no_effect(lender.app.db):
        with pytest.raises(RequestAlreadyConcluded):
            await create(lender, account.account_holder_id, custodian.id, request_id=request.id)


# --- the customer's answer --------------------------------------------------------------------------------------


def as_customer(customer_id: UUID) -> Ctx:
    return Ctx(subject=Subject.customer(customer_id), request_id="test", client_address="192.0.2.7")


async def test_the_customers_acceptance_is_kept_with_its_evidence(lender: Lender) -> None:
    await by_committee(lender, ProcessType.CREDIT_FACILITY_PROPOSAL)
    proposal = await lender.propose(AMOUNT)
    run, accept = lender.app.commands.run, lender.credit.proposals.accept
    me = as_customer(proposal.customer_id)
    with pytest.raises(TermSheetNotReady):
        await run(me, accept, proposal.id, SHEET_HASH)
    document_id = await lender.term_sheet(proposal.id)
    with pytest.raises(AgreementHashMismatch):
        await run(me, accept, proposal.id, "cd" * 32)
    accepted = await run(me, accept, proposal.id, SHEET_HASH)
    evidence = accepted.evidence
    assert evidence is not None
    assert (evidence.document_id, evidence.sha256) == (document_id, SHEET_HASH)
    assert (evidence.subject, evidence.client_address) == (str(me.subject), "192.0.2.7")
    assert evidence.accepted_at == lender.app.bank_time.now()
    assert accepted.status is ProposalStatus.PENDING_APPROVAL
    again = await run(me, accept, proposal.id, "cd" * 32)
    assert again.version == accepted.version
    await decide(lender, proposal.id, approved=True)
    assert await has_pending(lender, proposal.id)


async def test_anothers_proposal_is_answered_like_one_that_does_not_exist(lender: Lender) -> None:
    proposal = await lender.propose(AMOUNT)
    await lender.term_sheet(proposal.id)
    stranger = as_customer((await lender.account()).account_holder_id)
    run, proposals = lender.app.commands.run, lender.credit.proposals
    async with no_effect(lender.app.db):
        for wrong in (proposal.id, uuid4()):
            with pytest.raises(NotFound):
                await run(stranger, proposals.accept, wrong, SHEET_HASH)
            with pytest.raises(NotFound):
                await run(stranger, proposals.decline, wrong, "no")


async def test_a_customers_no_starts_nothing_and_is_not_published(lender: Lender) -> None:
    declined = await lender.propose(AMOUNT)
    run = lender.app.commands.run
    verb = lender.credit.proposals.decline
    found = await run(as_customer(declined.customer_id), verb, declined.id, "too dear")
    assert (found.status, found.decline_reason) == (ProposalStatus.CUSTOMER_DENIED, "too dear")
    noted = await lender.propose(AMOUNT)
    assert (await answer(lender, noted, approved=False)).status is ProposalStatus.CUSTOMER_DENIED
    assert (await answer(lender, noted, approved=True)).status is ProposalStatus.CUSTOMER_DENIED
    await settle(lender.app)
    assert await told(lender, "FacilityProposalConcluded") == []
    for proposal in (declined, noted):
        assert await lender.app.governance.processes.peek(proposal.id) is None
        assert not await has_pending(lender, proposal.id)


# --- the bank's -------------------------------------------------------------------------------------------------


async def test_the_bank_does_not_conclude_before_the_customer(lender: Lender) -> None:
    proposal = await lender.propose(AMOUNT)
    with pytest.raises(ApprovalProcessNotStarted):
        await lender.app.commands.run(
            lender.ctx, lender.credit.proposals.conclude_approval, proposal.id, True
        )


async def test_a_committee_decides(lender: Lender) -> None:
    await by_committee(lender, ProcessType.CREDIT_FACILITY_PROPOSAL)
    proposals = [await lender.propose(AMOUNT) for _ in range(2)]
    for proposal in proposals:
        await answer(lender, proposal, approved=True)
    await settle(lender.app)
    approved, denied = proposals
    assert (await proposal_of(lender, approved.id)).status is ProposalStatus.PENDING_APPROVAL
    await decide(lender, approved.id, approved=True)
    await decide(lender, denied.id, approved=False)
    assert (await proposal_of(lender, approved.id)).status is ProposalStatus.APPROVED
    assert (await proposal_of(lender, denied.id)).status is ProposalStatus.DENIED
    assert [await has_pending(lender, each.id) for each in proposals] == [True, False]
    events = await told(lender, "FacilityProposalConcluded")
    assert [(each["id"], each["status"]) for each in events] == [
        (str(approved.id), "approved"),
        (str(denied.id), "denied"),
    ]
    await assert_clean(lender.app)


async def loan_accounts(lender: Lender) -> int:
    return (await lender.app.db.fetch("select count(*) from cala.accounts"))[0][0]


async def test_an_approval_makes_all_that_waits_for_collateral(lender: Lender) -> None:
    proposal = await lender.propose(AMOUNT)
    before = await loan_accounts(lender)
    await answer(lender, proposal, approved=True)
    await settle(lender.app)
    pending = await lender.pending(proposal.id)
    assert pending.approval_process_id == proposal.id
    assert pending.collateralization_state is PendingState.NOT_YET_COLLATERALIZED
    assert await posted(lender, pending.ledger_tx_id) == ["CREATE_CREDIT_FACILITY_PROPOSAL"]
    collaterals = await lender.credit.collateral_reading.find_many_collaterals(
        lender.ctx, [pending.collateral_id]
    )
    collateral = collaterals[pending.collateral_id]
    assert (collateral.secured_loan_id, collateral.amount) == (proposal.id, 0)
    assert collateral.custody_wallet_id is None
    assert await loan_accounts(lender) - before == 3 + 4
    await assert_clean(lender.app)


async def test_where_the_custodian_has_wallets_the_loan_gets_one_of_its_own(lender: Lender) -> None:
    vault: Custodian = await make_vault(lender.app, lender.ctx)
    account = await lender.account()
    proposal = await create(lender, account.account_holder_id, vault.id)
    await answer(lender, proposal, approved=True)
    await settle(lender.app)
    pending = await lender.pending(proposal.id)
    found = await lender.credit.collateral_reading.find_many_collaterals(lender.ctx, [pending.collateral_id])
    wallet_id = found[pending.collateral_id].custody_wallet_id
    assert wallet_id is not None
    (wallet,) = (await lender.app.custodians.find_many_wallets(lender.ctx, [wallet_id])).values()
    assert (wallet.custodian_id, wallet.external_wallet_id) == (vault.id, "w1")
    provider = lender.app.custodians.providers["vault"]
    assert isinstance(provider, Vault)
    assert list(provider.wallets) == [f"CF {proposal.id}"]
