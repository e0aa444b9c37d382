"""Use cases of governance: committees, policies, and starting and deciding approval processes."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from lana.core.governance import primitives as p
from lana.core.governance.approval_process import entity as process_events
from lana.core.governance.approval_process.entity import ApprovalProcess
from lana.core.governance.approval_process.errors import SubjectIsNotCommitteeMember
from lana.core.governance.approval_process.repo import ApprovalProcessRepo
from lana.core.governance.committee.entity import Committee
from lana.core.governance.committee.errors import CommitteeNameTaken
from lana.core.governance.committee.repo import CommitteeRepo
from lana.core.governance.policy.entity import Policy
from lana.core.governance.policy.errors import PolicyNotFound
from lana.core.governance.policy.repo import PolicyRepo
from lana.core.governance.public import ApprovalProcessConcluded
from lana.core.governance.rules import CommitteeApproval, rules_for
from lana.lib.authz import Action, Authorizer, Check, Scope, Subject
from lana.lib.es.entity import DONE, Outcome
from lana.lib.es.op import DeferredJob, Op
from lana.lib.pg.database import Database
from lana.lib.pg.page import Found, Order, Page


class GovernanceService:
    def __init__(self, db: Database, authz: Authorizer) -> None:
        self.authz = authz
        self.committees = CommitteeRepo(db)
        self.policies = PolicyRepo(db)
        self.processes = ApprovalProcessRepo(db)
        self._policy_ids: dict[p.ProcessType, UUID] = {}

    # --- committees -----------------------------------------------------------------------------------------

    async def create_committee(self, op: Op, name: str, member_ids: Sequence[UUID]) -> Committee:
        self.authz.enforce(op, p.COMMITTEE_CREATE)
        return self.add_committee(op, name, member_ids)

    def add_committee(self, op: Op, name: str, member_ids: Sequence[UUID]) -> Committee:
        """Without a check of its own: for `create_committee` and the start."""
        committee = Committee.found(op.new_id(), name, member_ids)
        op.claim("committee.name", name, CommitteeNameTaken(name))
        return op.add(self.committees, committee)

    async def add_member(self, op: Op, committee_id: UUID, member_id: UUID) -> Committee:
        self.authz.enforce(op, p.COMMITTEE_ADD_MEMBER, committee_id)
        committee = await op.find(self.committees, committee_id)
        await self._after_change(op, committee, committee.add(member_id))
        return committee

    async def remove_member(self, op: Op, committee_id: UUID, member_id: UUID) -> Committee:
        self.authz.enforce(op, p.COMMITTEE_REMOVE_MEMBER, committee_id)
        committee = await op.find(self.committees, committee_id)
        await self._after_change(op, committee, committee.remove(member_id))
        return committee

    async def _after_change(self, op: Op, committee: Committee, outcome: Outcome) -> None:
        if outcome is DONE and await self.processes.reevaluating(committee.id, UUID(int=0), 1):
            op.defer(DeferredJob("governance.reevaluate-committee", {"committee_id": str(committee.id)}))

    async def maybe_find_committee(self, ctx: Scope, committee_id: UUID) -> Committee | None:
        self.authz.enforce(ctx, p.COMMITTEE_READ, committee_id)
        return await self.committees.peek(committee_id)

    async def find_many_committees(self, ctx: Scope, ids: Sequence[UUID]) -> dict[UUID, Committee]:
        self.authz.enforce(ctx, p.COMMITTEE_READ, *ids)
        return await self.committees.peek_many(ids)

    async def list_committees(self, ctx: Scope, page: Page, order: Order | None = None) -> Found[Committee]:
        """By `created_at` or `name`."""
        self.authz.enforce(ctx, p.COMMITTEE_LIST)
        return await self.committees.list(page, order)

    # --- policies -------------------------------------------------------------------------------------------

    async def assign_committee(self, op: Op, policy_id: UUID, committee_id: UUID) -> Policy:
        self.authz.enforce(op, p.POLICY_UPDATE_RULES, policy_id)
        committee = await op.find(self.committees, committee_id)
        policy = await op.find(self.policies, policy_id)
        policy.assign_committee(committee.id)
        return policy

    async def update_policy_rules(self, op: Op, policy_id: UUID, rules: CommitteeApproval) -> Policy:
        self.authz.enforce(op, p.POLICY_UPDATE_RULES, policy_id)
        await op.find(self.committees, rules.committee_id)
        policy = await op.find(self.policies, policy_id)
        policy.change_rules(rules)
        return policy

    async def auto_approve_policy(self, op: Op, policy_id: UUID) -> Policy:
        self.authz.enforce(op, p.POLICY_UPDATE_RULES, policy_id)
        policy = await op.find(self.policies, policy_id)
        policy.auto_approve()
        return policy

    async def maybe_find_policy(self, ctx: Scope, policy_id: UUID) -> Policy | None:
        self.authz.enforce(ctx, p.POLICY_READ, policy_id)
        return await self.policies.peek(policy_id)

    async def find_many_policies(self, ctx: Scope, ids: Sequence[UUID]) -> dict[UUID, Policy]:
        self.authz.enforce(ctx, p.POLICY_READ, *ids)
        return await self.policies.peek_many(ids)

    async def list_policies(self, ctx: Scope, page: Page) -> Found[Policy]:
        self.authz.enforce(ctx, p.POLICY_LIST)
        return await self.policies.list(page)

    # --- processes, for other domains -----------------------------------------------------------------------

    async def start_process(
        self,
        op: Op,
        process_type: p.ProcessType,
        process_id: UUID,
        *,
        target_ref: str,
        initiator: Subject | None = None,
        amount: int | None = None,
    ) -> ApprovalProcess:
        """In the Op of the domain that owns the target. `amount` is in USD cents; None
        where there is none.
        """
        self._record_system(op, p.APPROVAL_PROCESS_CREATE)
        policy = await self._policy_of(process_type)
        process = ApprovalProcess.born(
            process_events.Initialized(
                id=process_id,
                policy_id=policy.id,
                process_type=process_type,
                rules=rules_for(policy.rules, amount),
                target_ref=target_ref,
                initiator_id=initiator.id if initiator and initiator.is_user else None,
            )
        )
        self._announce(op, process, process.start())
        return op.add(self.processes, process)

    async def cancel_process(self, op: Op, process_id: UUID) -> ApprovalProcess:
        """Close an open process whose target went away. A concluded one stays as it is."""
        process = await op.find(self.processes, process_id)
        if process.cancel() is DONE:
            self._record_system(op, p.APPROVAL_PROCESS_CONCLUDE, process.id)
        return process

    async def reevaluate(self, op: Op, process_id: UUID) -> ApprovalProcess:
        """System work after a change of membership."""
        process = await op.find(self.processes, process_id)
        outcome = process.reevaluate(await self._members(op, process))
        if outcome is DONE:
            self._record_system(op, p.APPROVAL_PROCESS_CONCLUDE, process.id)
        self._announce(op, process, outcome)
        return process

    async def _policy_of(self, process_type: p.ProcessType) -> Policy:
        """Unguarded: a process that races with a change of its policy is born under the rules before or
        after.
        """
        if process_type not in self._policy_ids:
            found = await self.policies.maybe_by("process_type", process_type)
            if found is None:
                raise PolicyNotFound(process_type)
            self._policy_ids[process_type] = found.id
        policy = await self.policies.peek(self._policy_ids[process_type])
        if policy is None:
            raise PolicyNotFound(process_type)
        return policy

    # --- processes, for staff -------------------------------------------------------------------------------

    async def approve(self, op: Op, process_id: UUID) -> ApprovalProcess:
        self.authz.enforce(op, p.APPROVAL_PROCESS_APPROVE)
        voter = self._voter(op)
        process = await op.find(self.processes, process_id)
        outcome = process.approve(voter, await self._members(op, process), op.now)
        self._announce(op, process, outcome)
        return process

    async def deny(self, op: Op, process_id: UUID, reason: str) -> ApprovalProcess:
        self.authz.enforce(op, p.APPROVAL_PROCESS_DENY, process_id)
        voter = self._voter(op)
        process = await op.find(self.processes, process_id)
        outcome = process.deny(voter, await self._members(op, process), reason, op.now)
        self._announce(op, process, outcome)
        return process

    @staticmethod
    def _voter(op: Op) -> UUID:
        if not op.subject.is_user:
            raise SubjectIsNotCommitteeMember
        return op.subject.id

    async def _members(self, op: Op, process: ApprovalProcess) -> Sequence[UUID]:
        """Membership now, guarded to the commit."""
        if process.committee_id is None:
            return ()
        return (await op.find(self.committees, process.committee_id)).members

    @staticmethod
    def _announce(op: Op, process: ApprovalProcess, outcome: Outcome) -> None:
        if outcome is DONE and not process.in_progress:
            op.publish(
                ApprovalProcessConcluded(
                    id=process.id,
                    process_type=process.process_type,
                    status="Approved" if process.status is p.ProcessStatus.APPROVED else "Denied",
                    target_ref=process.target_ref,
                )
            )

    @staticmethod
    def _record_system(op: Op, action: Action, *ids: UUID) -> None:
        op.record_system(p.SYSTEM_ACTOR, Check(op.subject, action, ids, authorized=True))

    async def maybe_find_process(self, ctx: Scope, process_id: UUID) -> ApprovalProcess | None:
        self.authz.enforce(ctx, p.APPROVAL_PROCESS_READ, process_id)
        return await self.processes.peek(process_id)

    async def find_many_processes(self, ctx: Scope, ids: Sequence[UUID]) -> dict[UUID, ApprovalProcess]:
        self.authz.enforce(ctx, p.APPROVAL_PROCESS_READ, *ids)
        return await self.processes.peek_many(ids)

    async def list_processes(self, ctx: Scope, page: Page) -> Found[ApprovalProcess]:
        self.authz.enforce(ctx, p.APPROVAL_PROCESS_LIST)
        return await self.processes.list(page)
