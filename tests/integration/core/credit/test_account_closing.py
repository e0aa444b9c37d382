"""The account that pays a loan stays open as long as the loan: whoever comes first, closing or the loan."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from lana.app import App
from lana.core.credit import Actor
from lana.core.credit.proposal.errors import CanNotCreateProposalForClosedOrFrozenAccount
from lana.core.deposit import AccountStatus, DepositAccount, DepositAccountClosePreconditionFailed
from lana.core.governance import ProcessType
from lana.lib.authz import Ctx
from lana.lib.es.op import Op
from tests.support.lending import BITCOIN, Lender, terms
from tests.support.loan_life import by_committee, decide, refused
from tests.support.proof import assert_clean, no_effect, settle
from tests.support.proposing import AMOUNT, answer, has_pending, proposal_of

pytestmark = pytest.mark.asyncio

ROUNDS = 8
LINE = terms(fee="0", single=False)


@pytest.fixture
def lender(app: App, superuser: Ctx) -> Lender:
    return Lender(app, superuser)


async def close(lender: Lender, account_id: UUID) -> DepositAccount:
    return await lender.app.commands.run(lender.ctx, lender.app.deposit_accounts.close_account, account_id)


async def reason(lender: Lender, account: DepositAccount) -> str:
    """Why it is not closed; nothing was changed."""
    async with no_effect(lender.app.db):
        with pytest.raises(DepositAccountClosePreconditionFailed) as refusal:
            await close(lender, account.id)
    assert refusal.value.code == "DEPOSIT_ACCOUNT_CLOSE_PRECONDITION_FAILED"
    return refusal.value.detail


async def is_closed(lender: Lender, account: DepositAccount) -> bool:
    found = await lender.app.deposit_accounts.repo.peek(account.id)
    assert found is not None
    return found.status is AccountStatus.CLOSED


async def test_it_stays_open_from_the_proposal_to_the_end_of_the_loan(lender: Lender) -> None:
    await lender.price(10_000_000)
    account = await lender.account()
    proposal = await lender.propose(AMOUNT, LINE, account=account)
    assert await reason(lender, account) == "has open credit facility proposals"
    await answer(lender, proposal, approved=True)
    await settle(lender.app)
    assert await reason(lender, account) == "has pending credit facilities"
    pending = await lender.pending(proposal.id)
    await lender.collateral(pending.collateral_id, BITCOIN)
    await settle(lender.app)
    assert await reason(lender, account) == "has active credit facilities"
    await lender.complete(pending.id)
    assert (await close(lender, account.id)).is_closed
    async with no_effect(lender.app.db):
        assert (await close(lender, account.id)).is_closed
    await assert_clean(lender.app)


async def test_a_proposal_that_came_to_nothing_does_not_hold_it(lender: Lender) -> None:
    await by_committee(lender, ProcessType.CREDIT_FACILITY_PROPOSAL)
    account = await lender.account()
    declined, denied = [await lender.propose(AMOUNT, account=account) for _ in range(2)]
    await answer(lender, declined, approved=False)
    await answer(lender, denied, approved=True)
    assert await reason(lender, account) == "has open credit facility proposals"
    await decide(lender, denied.id, approved=False)
    assert (await close(lender, account.id)).is_closed


async def test_what_is_left_on_it_and_a_freeze_are_told_first(lender: Lender) -> None:
    account = await lender.account(1)
    await lender.propose(AMOUNT, account=account)
    for expected in ("BALANCE_IS_NOT_ZERO", "CANNOT_UPDATE_FROZEN_ACCOUNT"):
        (refusal,) = refused(await asyncio.gather(close(lender, account.id), return_exceptions=True))
        assert refusal.code == expected
        accounts = lender.app.deposit_accounts
        await lender.app.commands.run(lender.ctx, accounts.freeze_account, account.id)


# --- at the same moment -----------------------------------------------------------------------------------------


async def test_a_proposal_made_between_the_look_and_the_commit_is_seen(lender: Lender) -> None:
    """It writes nothing that closing has read: that there is no other is guarded."""
    account = await lender.account()
    tries = 0

    async def slow(op: Op) -> None:
        nonlocal tries
        tries += 1
        await lender.app.deposit_accounts.close_account(op, account.id)
        if tries == 1:
            await lender.propose(AMOUNT, account=account)

    with pytest.raises(DepositAccountClosePreconditionFailed):
        await lender.app.commands.run(lender.ctx, slow)
    assert tries == 2
    assert not await is_closed(lender, account)


async def test_closing_beside_a_proposal_one_of_them_is_refused(lender: Lender) -> None:
    for _ in range(ROUNDS):
        account = await lender.account()
        closed, proposed = await asyncio.gather(
            close(lender, account.id), lender.propose(AMOUNT, account=account), return_exceptions=True
        )
        if await is_closed(lender, account):
            assert isinstance(proposed, CanNotCreateProposalForClosedOrFrozenAccount)
        else:
            assert isinstance(closed, DepositAccountClosePreconditionFailed)
            assert not isinstance(proposed, BaseException)
    await assert_clean(lender.app)


async def test_closing_beside_an_approval_never_leaves_a_loan_without_account(lender: Lender) -> None:
    """Approved or denied at this very moment."""
    await by_committee(lender, ProcessType.CREDIT_FACILITY_PROPOSAL)
    run, conclude = lender.app.commands.run, lender.credit.proposals.conclude_approval
    for round_ in range(ROUNDS):
        account = await lender.account()
        proposal = await lender.propose(AMOUNT, account=account)
        await answer(lender, proposal, approved=True)
        approved = round_ % 2 == 0
        closed, _ = await asyncio.gather(
            close(lender, account.id),
            run(lender.ctx, conclude, proposal.id, approved),
            return_exceptions=True,
        )
        assert not (await proposal_of(lender, proposal.id)).is_open
        assert await has_pending(lender, proposal.id) is approved
        assert await is_closed(lender, account) is not isinstance(
            closed, DepositAccountClosePreconditionFailed
        )
        assert not (approved and await is_closed(lender, account))
    await assert_clean(lender.app)


async def test_closing_beside_activation_and_completion(lender: Lender) -> None:
    """A loan that becomes active keeps it open; one that ends lets it be closed, before or after."""
    await lender.price(10_000_000)
    run, activate = lender.app.commands.run, lender.credit.activations.activate
    for _ in range(ROUNDS):
        account = await lender.account()
        pending = await lender.approved(AMOUNT, LINE, account=account)
        await lender.collateral(pending.collateral_id, BITCOIN)
        closed, activated = await asyncio.gather(
            close(lender, account.id),
            run(Ctx.system(Actor.ACTIVATION), activate, pending.id),
            return_exceptions=True,
        )
        assert isinstance(closed, DepositAccountClosePreconditionFailed)
        assert not isinstance(activated, BaseException)
        assert not (await lender.facility(pending.id)).is_closed
        closed, completed = await asyncio.gather(
            close(lender, account.id), lender.complete(pending.id), return_exceptions=True
        )
        assert not isinstance(completed, BaseException)
        assert await is_closed(lender, account) is not isinstance(closed, BaseException)
        assert refused([closed]) == ([] if await is_closed(lender, account) else [closed])
    await settle(lender.app)
    await assert_clean(lender.app)
