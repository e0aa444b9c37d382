"""What every start makes sure of: the default committee when there is a superuser, and
each domain's policy.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from lana.core.governance import primitives as p
from lana.core.governance.committee.entity import Committee
from lana.core.governance.policy import entity as policy_events
from lana.core.governance.policy.entity import Policy
from lana.core.governance.policy.errors import DefaultCommitteeNotFound
from lana.core.governance.rules import AutoApprove, CommitteeApproval
from lana.core.governance.service import GovernanceService
from lana.lib.authz import Ctx
from lana.lib.errors import ConcurrentModification, ConstraintViolation
from lana.lib.es.commands import Commands
from lana.lib.es.op import Op

MAX_TRIES: Final = 5


class Bootstrap:
    def __init__(self, governance: GovernanceService) -> None:
        self._governance = governance

    async def ensure_default_committee(self, op: Op, superuser_id: UUID) -> Committee:
        """The committee `default`, with the superuser among its members. Audited at every start."""
        self._governance.authz.enforce(op, p.COMMITTEE_CREATE)
        known = await self._governance.committees.maybe_by("name", p.DEFAULT_COMMITTEE)
        if known is None:
            return self._governance.add_committee(op, p.DEFAULT_COMMITTEE, [superuser_id])
        committee = await op.find(self._governance.committees, known.id)
        committee.add(superuser_id)
        return committee

    async def ensure_policy(self, op: Op, process_type: p.ProcessType, *, auto_approval: bool) -> Policy:
        """The policy of a kind of process. One that exists is left as it is, whatever
        the setting now says.
        """
        repo = self._governance.policies
        known = await repo.maybe_by("process_type", process_type)
        if known is not None:
            return known
        self._governance.authz.enforce(op, p.POLICY_CREATE)
        rules = AutoApprove() if auto_approval else await self._default_committee()
        # two processes starting together: the second begins again and finds the policy
        op.claim("policy.process-type", process_type, ConcurrentModification())
        born = policy_events.Initialized(id=op.new_id(), process_type=process_type, rules=rules)
        return op.add(repo, Policy.born(born))

    async def _default_committee(self) -> CommitteeApproval:
        committee = await self._governance.committees.maybe_by("name", p.DEFAULT_COMMITTEE)
        if committee is None:
            raise DefaultCommitteeNotFound("auto-approval is off and no committee is called default")
        return CommitteeApproval(committee_id=committee.id)


async def ensure_default_committee(
    commands: Commands, governance: GovernanceService, superuser_id: UUID
) -> Committee:
    """At a start with a superuser, after the bootstrap of access."""
    for _ in range(MAX_TRIES):
        try:
            verb = Bootstrap(governance).ensure_default_committee
            return await commands.run(Ctx.system("bootstrap"), verb, superuser_id)
        except ConstraintViolation:
            continue
    raise ConcurrentModification(f"default committee: gave up after {MAX_TRIES} tries")


async def ensure_policy(
    commands: Commands, governance: GovernanceService, process_type: p.ProcessType, *, auto_approval: bool
) -> Policy:
    """At a start, for each domain that starts processes. `auto_approval` is the setting of that name."""
    for _ in range(MAX_TRIES):
        try:
            verb = Bootstrap(governance).ensure_policy
            return await commands.run(
                Ctx.system("bootstrap"), verb, process_type, auto_approval=auto_approval
            )
        except ConcurrentModification:
            continue
    raise ConcurrentModification(f"policy {process_type}: gave up after {MAX_TRIES} tries")
