"""Ends of proposals without a decision: withdrawn, expired; and customers who leave while a loan is under way."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from lana.app import App
from lana.core.credit import (
    Proposal,
    ProposalEnd,
    ProposalStatus,
)
from lana.core.credit.proposal.errors import (
    ProposalAlreadyConcluded,
    ProposalWithdrawalNotAllowed,
)
from lana.core.customer import CustomerClosePreconditionFailed
from lana.core.deposit import DepositAccount
from lana.core.governance import ProcessStatus, ProcessType
from lana.lib.authz import Ctx
from lana.lib.closing import Closing, PageDone
from tests.support.lending import Lender, terms
from tests.support.loan_life import by_committee, decide, told
from tests.support.proof import assert_clean, no_effect, settle
from tests.support.proposing import AMOUNT, answer, has_pending, process_status, proposal_of, set_up

pytestmark = pytest.mark.asyncio

RACES = 10


@pytest.fixture
def lender(app: App, superuser: Ctx) -> Lender:
    return Lender(app, superuser)


async def withdraw(lender: Lender, proposal_id: UUID) -> Proposal:
    return await lender.app.commands.run(lender.ctx, lender.credit.proposals.withdraw, proposal_id)


async def test_a_proposal_is_withdrawn_only_where_the_setting_allows_it(lender: Lender) -> None:
    proposal = await lender.propose(AMOUNT)
    async with no_effect(lender.app.db):
        with pytest.raises(ProposalWithdrawalNotAllowed):
            await withdraw(lender, proposal.id)
    await set_up(lender, "allow-proposal-withdrawal", value=True)
    withdrawn = await withdraw(lender, proposal.id)
    assert (withdrawn.status, withdrawn.end_reason) == (ProposalStatus.DENIED, ProposalEnd.WITHDRAWN)
    assert (await withdraw(lender, proposal.id)).version == withdrawn.version
    (event,) = await told(lender, "FacilityProposalConcluded")
    assert (event["id"], event["status"]) == (str(proposal.id), "denied")
    pending = await lender.approved(AMOUNT)
    with pytest.raises(ProposalAlreadyConcluded):
        await withdraw(lender, pending.id)
    await assert_clean(lender.app)


async def test_a_withdrawal_closes_the_process_and_an_approval_that_comes_late_makes_nothing(
    lender: Lender,
) -> None:
    await set_up(lender, "allow-proposal-withdrawal", value=True)
    await by_committee(lender, ProcessType.CREDIT_FACILITY_PROPOSAL)
    before, after = [await lender.propose(AMOUNT) for _ in range(2)]
    for proposal in (before, after):
        await answer(lender, proposal, approved=True)
    await withdraw(lender, before.id)
    assert await process_status(lender, before.id) is ProcessStatus.DENIED
    # voted for, and withdrawn before the bank's processor has heard of it
    await lender.app.commands.run(lender.ctx, lender.app.governance.approve, after.id)
    await withdraw(lender, after.id)
    await settle(lender.app)
    assert await process_status(lender, after.id) is ProcessStatus.APPROVED
    for proposal in (before, after):
        assert (await proposal_of(lender, proposal.id)).end_reason is ProposalEnd.WITHDRAWN
        assert not await has_pending(lender, proposal.id)
    await assert_clean(lender.app)


async def test_withdrawal_and_approval_at_the_same_moment_have_one_outcome(lender: Lender) -> None:
    await set_up(lender, "allow-proposal-withdrawal", value=True)
    await by_committee(lender, ProcessType.CREDIT_FACILITY_PROPOSAL)
    run, proposals = lender.app.commands.run, lender.credit.proposals
    for _ in range(RACES):
        proposal = await lender.propose(AMOUNT)
        await answer(lender, proposal, approved=True)
        await run(lender.ctx, lender.app.governance.approve, proposal.id)
        withdrawn, *_ = await asyncio.gather(
            withdraw(lender, proposal.id),
            run(lender.ctx, proposals.conclude_approval, proposal.id, True),
            return_exceptions=True,
        )
        refused = isinstance(withdrawn, ProposalAlreadyConcluded)
        assert refused or not isinstance(withdrawn, BaseException)
        assert await has_pending(lender, proposal.id) is refused
    await settle(lender.app)
    await assert_clean(lender.app)


async def expired(lender: Lender, days: int) -> PageDone:
    """A page of the step at a closing so many days from now."""
    (step,) = [each for each in lender.credit.steps if each.name == "proposal-expiry"]
    instant = lender.app.bank_time.now() + timedelta(days=days)
    return await step.page(Closing(instant.date(), instant, "UTC"), None)


async def test_proposals_nobody_decided_expire_where_the_setting_says_so(lender: Lender) -> None:
    await by_committee(lender, ProcessType.CREDIT_FACILITY_PROPOSAL)
    offered, asked, approved = [await lender.propose(AMOUNT) for _ in range(3)]
    for proposal in (asked, approved):
        await answer(lender, proposal, approved=True)
    await decide(lender, approved.id, approved=True)
    assert (await expired(lender, 36_500)).done == 0
    await set_up(lender, "proposal-expiry-days", 30)
    assert (await expired(lender, 29)).done == 0
    assert (await expired(lender, 30)).done == 2
    assert (await expired(lender, 31)).done == 0
    for proposal in (offered, asked):
        found = await proposal_of(lender, proposal.id)
        assert (found.status, found.end_reason) == (ProposalStatus.DENIED, ProposalEnd.EXPIRED)
    assert (await proposal_of(lender, approved.id)).status is ProposalStatus.APPROVED
    assert await process_status(lender, asked.id) is ProcessStatus.DENIED
    audited = await lender.app.db.fetch(
        "select count(*) from audit_entries where action = 'credit:credit-facility:expire-proposal'"
    )
    assert audited[0][0] == 1
    await assert_clean(lender.app)


# --- customers --------------------------------------------------------------------------------------------------


async def close_both(lender: Lender, account: DepositAccount) -> None:
    """The account first: only then its customer."""
    run = lender.app.commands.run
    await run(lender.ctx, lender.app.deposit_accounts.close_account, account.id)
    closed = await run(lender.ctx, lender.app.customers.close_customer, account.account_holder_id)
    assert closed.status.value == "closed"


async def refuses_to_close(lender: Lender, account: DepositAccount) -> str:
    with pytest.raises(CustomerClosePreconditionFailed) as refusal:
        await lender.app.commands.run(
            lender.ctx, lender.app.customers.close_customer, account.account_holder_id
        )
    return str(refusal.value)


async def test_a_customer_is_not_closed_before_their_loans(lender: Lender) -> None:
    account = await lender.account()
    await lender.price(10_000_000)
    proposal = await lender.propose(AMOUNT, terms(single=False, fee="0"), account=account)
    assert "open credit facility proposals" in await refuses_to_close(lender, account)
    await answer(lender, proposal, approved=True)
    await settle(lender.app)
    assert "pending credit facilities" in await refuses_to_close(lender, account)
    pending = await lender.pending(proposal.id)
    await lender.collateral(pending.collateral_id, 1_400_000)
    await settle(lender.app)
    assert "active credit facilities" in await refuses_to_close(lender, account)
    await lender.complete(proposal.id)
    assert "active deposit accounts" in await refuses_to_close(lender, account)
    await close_both(lender, account)
    await assert_clean(lender.app)
