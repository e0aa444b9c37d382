"""The approval process. Its id is the id of what is to be approved.

Votes of people who left the committee do not count, and newcomers must be heard: membership is what it is
when the vote is stored. A vote is never changed or withdrawn. The first denial decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

import msgspec

from lana.core.governance.approval_process.errors import (
    AlreadyConcluded,
    InitiatorCannotDecide,
    ReasonTooLong,
)
from lana.core.governance.primitives import ProcessStatus, ProcessType
from lana.core.governance.rules import ApprovalRules, AutoApprove, CommitteeApproval
from lana.lib.es.entity import ALREADY, DONE, Entity, Event, Outcome

MAX_REASON = 2_000
"""Characters of a denial's reason."""


class Initialized(Event, frozen=True, tag="initialized", omit_defaults=True):
    id: UUID
    policy_id: UUID
    process_type: ProcessType
    rules: ApprovalRules
    target_ref: str
    initiator_id: UUID | None = None


class Approved(Event, frozen=True, tag="approved"):
    approver_id: UUID
    voted_at: datetime


class Denied(Event, frozen=True, tag="denied"):
    denier_id: UUID
    reason: str
    voted_at: datetime


class Concluded(Event, frozen=True, tag="concluded"):
    approved: bool


class Cancelled(Event, frozen=True, tag="cancelled"):
    """What was to be approved went away."""


ApprovalProcessEvent = Initialized | Approved | Denied | Concluded | Cancelled


class Vote(msgspec.Struct, frozen=True):
    voter_id: UUID
    approves: bool
    voted_at: datetime


class ApprovalProcess(Entity[ApprovalProcessEvent]):
    kind: ClassVar[str] = "approval_process"
    event_types: ClassVar[object] = ApprovalProcessEvent

    policy_id: UUID
    process_type: ProcessType
    rules: ApprovalRules
    target_ref: str
    initiator_id: UUID | None
    status: ProcessStatus = ProcessStatus.IN_PROGRESS
    cancelled: bool = False
    denied_reason: str | None = None
    votes: tuple[Vote, ...] = ()

    @classmethod
    def begin(cls, event: ApprovalProcessEvent) -> Self:
        assert isinstance(event, Initialized)
        return cls(
            id=event.id,
            policy_id=event.policy_id,
            process_type=event.process_type,
            rules=event.rules,
            target_ref=event.target_ref,
            initiator_id=event.initiator_id,
        )

    def apply(self, event: ApprovalProcessEvent) -> None:
        match event:
            case Approved(approver_id=voter, voted_at=at):
                self.votes = (*self.votes, Vote(voter, approves=True, voted_at=at))
            case Denied(denier_id=voter, reason=reason, voted_at=at):
                self.votes = (*self.votes, Vote(voter, approves=False, voted_at=at))
                self.denied_reason = reason
            case Concluded(approved=approved):
                self.status = ProcessStatus.APPROVED if approved else ProcessStatus.DENIED
            case Cancelled():
                self.status = ProcessStatus.DENIED
                self.cancelled = True
            case Initialized():
                raise ValueError("a process begins once")

    # --- what is asked of it --------------------------------------------------------------------------------

    @property
    def in_progress(self) -> bool:
        return self.status is ProcessStatus.IN_PROGRESS

    @property
    def committee_id(self) -> UUID | None:
        return self.rules.committee_id if isinstance(self.rules, CommitteeApproval) else None

    @property
    def reevaluates(self) -> bool:
        """To be looked at again when its committee changes."""
        return self.in_progress and isinstance(self.rules, CommitteeApproval) and self.rules.reevaluate

    def has_voted(self, voter: UUID) -> bool:
        return any(vote.voter_id == voter for vote in self.votes)

    def can_be_decided_by(self, voter: UUID, members: Sequence[UUID]) -> bool:
        return self.in_progress and voter in self._eligible(members) and not self.has_voted(voter)

    # --- commands -------------------------------------------------------------------------------------------

    def start(self) -> Outcome:
        """Right after birth: rules without a committee conclude at once."""
        return self.emit(Concluded(approved=True)) if isinstance(self.rules, AutoApprove) else ALREADY

    def approve(self, voter: UUID, members: Sequence[UUID], now: datetime) -> Outcome:
        """Store the vote; conclude when enough have approved. Outsiders and second votes change nothing."""
        if not self._may_vote(voter, members):
            return ALREADY
        self.emit(Approved(approver_id=voter, voted_at=now))
        self._evaluate(members)
        return DONE

    def deny(self, voter: UUID, members: Sequence[UUID], reason: str, now: datetime) -> Outcome:
        """Store the vote and conclude. Outsiders and second votes change nothing. ReasonTooLong."""
        if len(reason) > MAX_REASON:
            raise ReasonTooLong(f"more than {MAX_REASON} characters", field="reason")
        if not self._may_vote(voter, members):
            return ALREADY
        return self.emit(Denied(denier_id=voter, reason=reason, voted_at=now), Concluded(approved=False))

    def reevaluate(self, members: Sequence[UUID]) -> Outcome:
        """After a change of membership, under rules that ask for it."""
        return self._evaluate(members) if self.reevaluates else ALREADY

    def cancel(self) -> Outcome:
        return self.emit(Cancelled()) if self.in_progress else ALREADY

    def _may_vote(self, voter: UUID, members: Sequence[UUID]) -> bool:
        if not self.in_progress:
            raise AlreadyConcluded(self.status)
        if voter not in members or self.has_voted(voter):
            return False
        if voter not in self._eligible(members):
            raise InitiatorCannotDecide
        return True

    def _eligible(self, members: Sequence[UUID]) -> set[UUID]:
        eligible = set(members)
        if isinstance(self.rules, CommitteeApproval) and self.rules.initiator_excluded and self.initiator_id:
            eligible.discard(self.initiator_id)
        return eligible

    def _evaluate(self, members: Sequence[UUID]) -> Outcome:
        if not isinstance(self.rules, CommitteeApproval):
            return ALREADY
        eligible = self._eligible(members)
        approvals = eligible & {vote.voter_id for vote in self.votes if vote.approves}
        if len(approvals) < self.rules.needed(len(eligible)):
            return ALREADY
        return self.emit(Concluded(approved=True))
