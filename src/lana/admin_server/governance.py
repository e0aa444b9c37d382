"""Committees, policies and approval processes, as staff see them."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, assert_never
from uuid import UUID

import strawberry

from lana.admin_server.common import Info
from lana.admin_server.history import EventTimelineEntry, event_history
from lana.admin_server.refs import (
    CreditFacilityDisbursalRef,
    CreditFacilityProposalRef,
    UserRef,
    WithdrawalRef,
)
from lana.core import governance as core
from lana.lib.graphql import Connection, UsdCents, connection, entity, order_of
from lana.lib.pg.page import Direction, Page

strawberry.enum(core.ProcessStatus, name="ApprovalProcessStatus")


@strawberry.enum
class ApprovalProcessType(Enum):
    CREDIT_FACILITY_PROPOSAL_APPROVAL = core.ProcessType.CREDIT_FACILITY_PROPOSAL
    DISBURSAL_APPROVAL = core.ProcessType.DISBURSAL
    WITHDRAWAL_APPROVAL = core.ProcessType.WITHDRAW


@entity("committeeId")
class Committee:
    entity: strawberry.Private[core.Committee]
    committee_id: UUID
    name: str
    created_at: datetime

    @classmethod
    def of(cls, committee: core.Committee) -> Committee:
        return cls(
            entity=committee,
            committee_id=committee.id,
            name=committee.name,
            created_at=committee.created_at,
        )

    @strawberry.field
    async def current_members(self, info: Info) -> list[UserRef]:
        from lana.admin_server import access

        request = info.context
        users = await request.load_many(request.app.access.find_many_users, self.entity.members)
        return [access.User.of(user) for user in users]

    @strawberry.field
    async def event_history(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[EventTimelineEntry]:
        source = info.context.app.governance.committees.events
        return await event_history(source, self.committee_id, first, after)


@strawberry.type
class AutoApproval:
    auto_approve: bool = True


@strawberry.type
class CommitteeApproval:
    rules: strawberry.Private[core.CommitteeApproval]
    threshold: int | None
    auto_approve_up_to: UsdCents | None
    initiator_excluded: bool
    reevaluate: bool

    @classmethod
    def of(cls, rules: core.CommitteeApproval) -> CommitteeApproval:
        limit = rules.auto_approve_up_to
        return cls(
            rules=rules,
            threshold=rules.threshold,
            auto_approve_up_to=None if limit is None else UsdCents(limit),
            initiator_excluded=rules.initiator_excluded,
            reevaluate=rules.reevaluate,
        )

    @strawberry.field
    async def committee(self, info: Info) -> Committee:
        return Committee.of(await committee_of(info, self.rules.committee_id))


ApprovalRules = Annotated[AutoApproval | CommitteeApproval, strawberry.union("ApprovalRules")]


def rules_of(rules: core.ApprovalRules) -> AutoApproval | CommitteeApproval:
    return CommitteeApproval.of(rules) if isinstance(rules, core.CommitteeApproval) else AutoApproval()


async def committee_of(info: Info, committee_id: UUID) -> core.Committee:
    request = info.context
    return await request.need(request.app.governance.find_many_committees, committee_id, "Committee")


@entity("policyId")
class Policy:
    entity: strawberry.Private[core.Policy]
    policy_id: UUID
    approval_process_type: ApprovalProcessType
    rules: ApprovalRules

    @classmethod
    def of(cls, policy: core.Policy) -> Policy:
        return cls(
            entity=policy,
            policy_id=policy.id,
            approval_process_type=ApprovalProcessType(policy.process_type),
            rules=rules_of(policy.rules),
        )

    @strawberry.field
    async def event_history(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[EventTimelineEntry]:
        source = info.context.app.governance.policies.events
        return await event_history(source, self.policy_id, first, after)


@strawberry.type
class ApprovalProcessVoter:
    user: UserRef
    still_eligible: bool
    did_vote: bool
    did_approve: bool
    did_deny: bool
    voted_at: datetime | None


@entity("approvalProcessId")
class ApprovalProcess:
    entity: strawberry.Private[core.ApprovalProcess]
    approval_process_id: UUID
    approval_process_type: ApprovalProcessType
    status: core.ProcessStatus
    cancelled: bool
    denied_reason: str | None
    rules: ApprovalRules
    created_at: datetime

    @classmethod
    def of(cls, process: core.ApprovalProcess) -> ApprovalProcess:
        return cls(
            entity=process,
            approval_process_id=process.id,
            approval_process_type=ApprovalProcessType(process.process_type),
            status=process.status,
            cancelled=process.cancelled,
            denied_reason=process.denied_reason,
            rules=rules_of(process.rules),
            created_at=process.created_at,
        )

    @strawberry.field
    async def policy(self, info: Info) -> Policy:
        request = info.context
        find_many = request.app.governance.find_many_policies
        return Policy.of(await request.need(find_many, self.entity.policy_id, "Policy"))

    @strawberry.field
    async def user_can_submit_decision(self, info: Info) -> bool:
        subject = info.context.ctx.subject
        if self.entity.committee_id is None or not subject.is_user:
            return False
        committee = await committee_of(info, self.entity.committee_id)
        return self.entity.can_be_decided_by(subject.id, committee.members)

    @strawberry.field
    async def voters(self, info: Info) -> list[ApprovalProcessVoter]:
        """Current members first, then those who voted and left. People who cannot be loaded are left out."""
        from lana.admin_server import access

        if self.entity.committee_id is None:
            return []
        members = (await committee_of(info, self.entity.committee_id)).members
        votes = {vote.voter_id: vote for vote in self.entity.votes}
        people = dict.fromkeys((*members, *votes))
        request = info.context
        users = await request.load_many(request.app.access.find_many_users, people)
        return [
            ApprovalProcessVoter(
                user=access.User.of(user),
                still_eligible=user.id in members,
                did_vote=user.id in votes,
                did_approve=user.id in votes and votes[user.id].approves,
                did_deny=user.id in votes and not votes[user.id].approves,
                voted_at=votes[user.id].voted_at if user.id in votes else None,
            )
            for user in users
        ]

    @strawberry.field
    async def target(
        self, info: Info
    ) -> Annotated[
        WithdrawalRef | CreditFacilityProposalRef | CreditFacilityDisbursalRef,
        strawberry.union("ApprovalProcessTarget"),
    ]:
        from lana.admin_server import credit_disbursal, credit_proposal, deposit

        request = info.context
        match self.entity.process_type:
            case core.ProcessType.WITHDRAW:
                find_many = request.app.withdrawals.find_many_withdrawals
                return deposit.Withdrawal.of(await request.need(find_many, self.entity.id, "Withdrawal"))
            case core.ProcessType.CREDIT_FACILITY_PROPOSAL:
                find_proposals = request.app.credit.proposal_reading.find_many_proposals
                found = await request.need(find_proposals, self.entity.id, "Credit facility proposal")
                return credit_proposal.CreditFacilityProposal.of(found)
            case core.ProcessType.DISBURSAL:
                find_disbursals = request.app.credit.facility_reading.find_many_disbursals
                disbursal = await request.need(find_disbursals, self.entity.id, "Disbursal")
                return credit_disbursal.CreditFacilityDisbursal.of(disbursal)
            case _:
                assert_never(self.entity.process_type)

    @strawberry.field
    async def event_history(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[EventTimelineEntry]:
        source = info.context.app.governance.processes.events
        return await event_history(source, self.approval_process_id, first, after)


@strawberry.enum
class CommitteesSortBy(Enum):
    CREATED_AT = "created_at"
    NAME = "name"


@strawberry.input
class CommitteesSort:
    by: CommitteesSortBy = CommitteesSortBy.CREATED_AT
    direction: Direction = Direction.DESC


@strawberry.type
class Query:
    @strawberry.field
    async def committee(self, info: Info, id: UUID) -> Committee | None:
        found = await info.context.app.governance.maybe_find_committee(info.context.ctx, id)
        return found and Committee.of(found)

    @strawberry.field
    async def committees(
        self,
        info: Info,
        first: int,
        after: str | None = None,
        sort: CommitteesSort | None = CommitteesSort(),
    ) -> Connection[Committee]:
        governance, ctx = info.context.app.governance, info.context.ctx
        found = await governance.list_committees(ctx, Page(first, after), order_of(sort))
        return connection(found, Committee.of)

    @strawberry.field
    async def policy(self, info: Info, id: UUID) -> Policy | None:
        found = await info.context.app.governance.maybe_find_policy(info.context.ctx, id)
        return found and Policy.of(found)

    @strawberry.field
    async def policies(self, info: Info, first: int, after: str | None = None) -> Connection[Policy]:
        governance, ctx = info.context.app.governance, info.context.ctx
        return connection(await governance.list_policies(ctx, Page(first, after)), Policy.of)

    @strawberry.field
    async def approval_process(self, info: Info, id: UUID) -> ApprovalProcess | None:
        found = await info.context.app.governance.maybe_find_process(info.context.ctx, id)
        return found and ApprovalProcess.of(found)

    @strawberry.field
    async def approval_processes(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[ApprovalProcess]:
        governance, ctx = info.context.app.governance, info.context.ctx
        return connection(await governance.list_processes(ctx, Page(first, after)), ApprovalProcess.of)
