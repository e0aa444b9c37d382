"""Mutations of governance."""

from __future__ import annotations

from uuid import UUID

import strawberry

from lana.admin_server.common import Info
from lana.admin_server.governance import ApprovalProcess, Committee, Policy
from lana.core import governance as core
from lana.lib.graphql import UsdCents


@strawberry.input
class CommitteeCreateInput:
    name: str
    member_user_ids: list[UUID]


@strawberry.type
class CommitteeCreatePayload:
    committee: Committee


@strawberry.input
class CommitteeUserAddInput:
    committee_id: UUID
    user_id: UUID


@strawberry.type
class CommitteeUserAddPayload:
    committee: Committee


@strawberry.input
class CommitteeUserRemoveInput:
    committee_id: UUID
    user_id: UUID


@strawberry.type
class CommitteeUserRemovePayload:
    committee: Committee


@strawberry.input
class PolicyCommitteeAssignInput:
    policy_id: UUID
    committee_id: UUID


@strawberry.type
class PolicyCommitteeAssignPayload:
    policy: Policy


@strawberry.input
class PolicyRulesUpdateInput:
    """All rules at once. `threshold` null: all members; `autoApproveUpTo` null: no
    amount passes by itself.
    """

    policy_id: UUID
    committee_id: UUID
    threshold: int | None = None
    auto_approve_up_to: UsdCents | None = None
    initiator_excluded: bool = False
    reevaluate: bool = False


@strawberry.type
class PolicyRulesUpdatePayload:
    policy: Policy


@strawberry.input
class PolicyAutoApproveInput:
    policy_id: UUID


@strawberry.type
class PolicyAutoApprovePayload:
    policy: Policy


@strawberry.input
class ApprovalProcessApproveInput:
    approval_process_id: UUID


@strawberry.type
class ApprovalProcessApprovePayload:
    approval_process: ApprovalProcess


@strawberry.input
class ApprovalProcessDenyInput:
    approval_process_id: UUID
    reason: str


@strawberry.type
class ApprovalProcessDenyPayload:
    approval_process: ApprovalProcess


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def committee_create(self, info: Info, input: CommitteeCreateInput) -> CommitteeCreatePayload:
        verb = info.context.app.governance.create_committee
        committee = await info.context.command(verb, input.name, input.member_user_ids)
        return CommitteeCreatePayload(committee=Committee.of(committee))

    @strawberry.mutation
    async def committee_user_add(self, info: Info, input: CommitteeUserAddInput) -> CommitteeUserAddPayload:
        verb = info.context.app.governance.add_member
        committee = await info.context.command(verb, input.committee_id, input.user_id)
        return CommitteeUserAddPayload(committee=Committee.of(committee))

    @strawberry.mutation
    async def committee_user_remove(
        self, info: Info, input: CommitteeUserRemoveInput
    ) -> CommitteeUserRemovePayload:
        verb = info.context.app.governance.remove_member
        committee = await info.context.command(verb, input.committee_id, input.user_id)
        return CommitteeUserRemovePayload(committee=Committee.of(committee))

    @strawberry.mutation
    async def policy_committee_assign(
        self, info: Info, input: PolicyCommitteeAssignInput
    ) -> PolicyCommitteeAssignPayload:
        verb = info.context.app.governance.assign_committee
        policy = await info.context.command(verb, input.policy_id, input.committee_id)
        return PolicyCommitteeAssignPayload(policy=Policy.of(policy))

    @strawberry.mutation
    async def policy_rules_update(
        self, info: Info, input: PolicyRulesUpdateInput
    ) -> PolicyRulesUpdatePayload:
        rules = core.CommitteeApproval(
            committee_id=input.committee_id,
            threshold=input.threshold,
            auto_approve_up_to=input.auto_approve_up_to,
            initiator_excluded=input.initiator_excluded,
            reevaluate=input.reevaluate,
        )
        verb = info.context.app.governance.update_policy_rules
        policy = await info.context.command(verb, input.policy_id, rules)
        return PolicyRulesUpdatePayload(policy=Policy.of(policy))

    @strawberry.mutation
    async def policy_auto_approve(
        self, info: Info, input: PolicyAutoApproveInput
    ) -> PolicyAutoApprovePayload:
        verb = info.context.app.governance.auto_approve_policy
        policy = await info.context.command(verb, input.policy_id)
        return PolicyAutoApprovePayload(policy=Policy.of(policy))

    @strawberry.mutation
    async def approval_process_approve(
        self, info: Info, input: ApprovalProcessApproveInput
    ) -> ApprovalProcessApprovePayload:
        verb = info.context.app.governance.approve
        process = await info.context.command(verb, input.approval_process_id)
        return ApprovalProcessApprovePayload(approval_process=ApprovalProcess.of(process))

    @strawberry.mutation
    async def approval_process_deny(
        self, info: Info, input: ApprovalProcessDenyInput
    ) -> ApprovalProcessDenyPayload:
        verb = info.context.app.governance.deny
        process = await info.context.command(verb, input.approval_process_id, input.reason)
        return ApprovalProcessDenyPayload(approval_process=ApprovalProcess.of(process))
