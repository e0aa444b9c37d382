"""Proposals on their way: made, answered, looked at; and settings of the bank."""

from __future__ import annotations

from uuid import UUID

from lana.core.credit import (
    Proposal,
)
from lana.core.governance import ProcessStatus
from lana.core.terms import TermValues
from lana.lib.authz import Ctx
from lana.lib.money import UsdCents
from lana.lib.pg.page import Page
from tests.support.lending import Lender, terms

AMOUNT = 100_000


async def create(
    lender: Lender,
    customer_id: UUID,
    custodian_id: UUID,
    *,
    amount: int = AMOUNT,
    values: TermValues | None = None,
    request_id: UUID | None = None,
    ctx: Ctx | None = None,
) -> Proposal:
    return await lender.app.commands.run(
        ctx or lender.ctx,
        lender.credit.proposals.create,
        customer_id,
        amount=UsdCents(amount),
        terms=values or terms(),
        custodian_id=custodian_id,
        credit_request_id=request_id,
    )


async def answer(lender: Lender, proposal: Proposal, approved: bool) -> Proposal:
    verb = lender.credit.proposals.conclude_customer_approval
    return await lender.app.commands.run(lender.ctx, verb, proposal.id, approved)


async def proposal_of(lender: Lender, proposal_id: UUID) -> Proposal:
    found = await lender.credit.proposals.repo.peek(proposal_id)
    assert found is not None
    return found


async def has_pending(lender: Lender, proposal_id: UUID) -> bool:
    return await lender.credit.proposal_reading.pendings.peek(proposal_id) is not None


async def set_up(lender: Lender, key: str, value: object) -> None:
    configs = await lender.app.domain_configs.list(lender.ctx, Page(100))
    (config,) = [each for each in configs.items if each.key == key]
    await lender.app.commands.run(lender.ctx, lender.app.domain_configs.update, config.id, value)
    await lender.app.settings.refresh()


async def process_status(lender: Lender, process_id: UUID) -> ProcessStatus:
    found = await lender.app.governance.processes.peek(process_id)
    assert found is not None
    return found.status
