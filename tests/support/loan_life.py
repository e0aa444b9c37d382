"""What happens around a loan: a committee that decides, acts at the same moment; and what the bank told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from lana.core.credit import Disbursal
from lana.core.credit.obligation.entity import Obligation
from lana.core.credit.obligation.repo import ObligationRepo
from lana.core.governance import CommitteeApproval, ProcessType
from lana.lib.errors import Refusal
from lana.lib.pg.page import Page
from tests.support.lending import Lender
from tests.support.proof import settle

Told = Mapping[str, Any]


async def by_committee(lender: Lender, kind: ProcessType = ProcessType.DISBURSAL) -> None:
    """From now on processes of this kind wait for the superuser."""
    governance, run = lender.app.governance, lender.app.commands.run
    name, members = f"{kind} committee", [lender.ctx.subject.id]
    committee = await run(lender.ctx, governance.create_committee, name, members)
    policies = await governance.list_policies(lender.ctx, Page(20))
    (policy,) = [each for each in policies.items if each.process_type is kind]
    rules = CommitteeApproval(committee_id=committee.id)
    await run(lender.ctx, governance.update_policy_rules, policy.id, rules)


async def decide(lender: Lender, process_id: UUID, *, approved: bool) -> None:
    """The committee votes, and everybody has heard of it."""
    governance, run = lender.app.governance, lender.app.commands.run
    if approved:
        await run(lender.ctx, governance.approve, process_id)
    else:
        await run(lender.ctx, governance.deny, process_id, "too much")
    await settle(lender.app)


async def disbursal_of(lender: Lender, disbursal_id: UUID) -> Disbursal:
    found = await lender.credit.facility_reading.disbursals.peek(disbursal_id)
    assert found is not None
    return found


async def obligations_of(lender: Lender, facility_id: UUID) -> Sequence[Obligation]:
    """The oldest first."""
    return (await ObligationRepo(lender.app.db).of_parent(facility_id))[::-1]


def refused(results: Sequence[object]) -> list[Refusal]:
    """The refusals among what was done at the same moment; anything else that was raised is a fault."""
    faults = [each for each in results if isinstance(each, BaseException) and not isinstance(each, Refusal)]
    assert faults == []
    return [each for each in results if isinstance(each, Refusal)]


async def told(lender: Lender, name: str) -> Sequence[Told]:
    """Public events of one type in the order they were published."""
    rows = await lender.app.db.fetch(
        "select payload from outbox where type = %b::text order by sequence", [name]
    )
    return [_content(msgspec.json.decode(row[0])) for row in rows]


def _content(payload: Told) -> Told:
    return payload.get("entity", payload)


async def posted(lender: Lender, *transaction_ids: UUID) -> Sequence[str]:
    """The codes of transactions' templates."""
    rows = await lender.app.db.fetch(
        "select x.id, code from cala.transactions x join cala.templates t on t.id = x.template_id"
        " where x.id = any(%b::uuid[])",
        [list(transaction_ids)],
    )
    codes = {row[0]: row[1] for row in rows}
    return [codes[each] for each in transaction_ids if each in codes]
