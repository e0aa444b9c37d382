"""Approval processes, decided without a database: the state machine and the worked example of a committee."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lana.core.governance.approval_process import entity as events
from lana.core.governance.approval_process.entity import MAX_REASON, ApprovalProcess
from lana.core.governance.approval_process.errors import (
    AlreadyConcluded,
    InitiatorCannotDecide,
    ReasonTooLong,
)
from lana.core.governance.primitives import ProcessStatus, ProcessType
from lana.core.governance.rules import ApprovalRules, AutoApprove, CommitteeApproval
from lana.lib.es.entity import ALREADY, DONE

ID, POLICY, COMMITTEE = (UUID(int=n) for n in (90, 91, 92))
A, B, C, D = (UUID(int=n) for n in (1, 2, 3, 4))
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALL_MEMBERS = CommitteeApproval(committee_id=COMMITTEE)


def a_process(rules: ApprovalRules = ALL_MEMBERS, initiator: UUID | None = None) -> ApprovalProcess:
    process = ApprovalProcess.born(
        events.Initialized(
            id=ID,
            policy_id=POLICY,
            process_type=ProcessType.WITHDRAW,
            rules=rules,
            target_ref=str(ID),
            initiator_id=initiator,
        )
    )
    process.start()
    return process


def test_under_auto_approval_a_process_is_born_approved() -> None:
    process = a_process(AutoApprove())
    assert process.status is ProcessStatus.APPROVED
    assert process.version == 2


def test_a_process_of_a_committee_is_born_in_progress() -> None:
    assert a_process().status is ProcessStatus.IN_PROGRESS


def test_an_outsiders_vote_changes_nothing() -> None:
    process = a_process()
    assert process.approve(C, [A, B], NOW) is ALREADY
    assert process.deny(C, [A, B], "no", NOW) is ALREADY
    assert process.version == 1


def test_a_vote_cannot_be_changed() -> None:
    process = a_process()
    assert process.approve(A, [A, B], NOW) is DONE
    assert process.deny(A, [A, B], "second thoughts", NOW) is ALREADY
    assert process.approve(A, [A, B], NOW) is ALREADY
    assert process.in_progress


def test_every_current_member_must_approve() -> None:
    process = a_process()
    process.approve(A, [A, B], NOW)
    assert process.in_progress
    process.approve(B, [A, B], NOW)
    assert process.status is ProcessStatus.APPROVED


def test_the_first_denial_decides() -> None:
    process = a_process()
    process.approve(A, [A, B], NOW)
    process.deny(B, [A, B], "no docs", NOW)
    assert process.status is ProcessStatus.DENIED
    assert process.denied_reason == "no docs"


def test_a_reason_may_be_empty() -> None:
    process = a_process()
    process.deny(A, [A], "", NOW)
    assert process.denied_reason == ""


def test_a_vote_after_the_end_is_refused() -> None:
    process = a_process()
    process.deny(A, [A, B], "no", NOW)
    with pytest.raises(AlreadyConcluded) as refused:
        process.approve(B, [A, B], NOW)
    assert refused.value.code == "ALREADY_CONCLUDED"
    with pytest.raises(AlreadyConcluded):
        a_process(AutoApprove()).deny(A, [], "late", NOW)


def test_removing_the_silent_member_decides_nothing_until_a_new_one_approves() -> None:
    process = a_process()
    process.approve(A, [A, B], NOW)
    assert process.reevaluate([A]) is ALREADY
    assert process.in_progress
    process.approve(D, [A, D], NOW)
    assert process.status is ProcessStatus.APPROVED


def test_approvals_of_members_who_left_do_not_count() -> None:
    process = a_process()
    process.approve(A, [A, B], NOW)
    process.approve(B, [B, C], NOW)
    assert process.in_progress
    process.approve(C, [B, C], NOW)
    assert process.status is ProcessStatus.APPROVED


def test_a_threshold_of_two_needs_two_of_three() -> None:
    process = a_process(CommitteeApproval(committee_id=COMMITTEE, threshold=2))
    process.approve(A, [A, B, C], NOW)
    assert process.in_progress
    process.approve(C, [A, B, C], NOW)
    assert process.status is ProcessStatus.APPROVED


def test_a_threshold_above_the_committee_asks_for_all_of_it() -> None:
    process = a_process(CommitteeApproval(committee_id=COMMITTEE, threshold=5))
    process.approve(A, [A, B], NOW)
    assert process.in_progress
    process.approve(B, [A, B], NOW)
    assert process.status is ProcessStatus.APPROVED


def test_by_default_the_initiator_may_approve() -> None:
    process = a_process(initiator=A)
    process.approve(A, [A], NOW)
    assert process.status is ProcessStatus.APPROVED


def test_an_excluded_initiator_cannot_decide() -> None:
    process = a_process(CommitteeApproval(committee_id=COMMITTEE, initiator_excluded=True), initiator=A)
    with pytest.raises(InitiatorCannotDecide):
        process.approve(A, [A, B], NOW)
    with pytest.raises(InitiatorCannotDecide):
        process.deny(A, [A, B], "mine", NOW)
    process.approve(B, [A, B], NOW)
    assert process.status is ProcessStatus.APPROVED


def test_a_committee_of_the_excluded_initiator_alone_approves_nothing() -> None:
    rules = CommitteeApproval(committee_id=COMMITTEE, initiator_excluded=True, reevaluate=True)
    process = a_process(rules, initiator=A)
    assert process.reevaluate([A]) is ALREADY
    assert process.in_progress


def test_rules_may_ask_for_another_look_when_members_change() -> None:
    process = a_process(CommitteeApproval(committee_id=COMMITTEE, reevaluate=True))
    process.approve(A, [A, B], NOW)
    assert process.reevaluate([A]) is DONE
    assert process.status is ProcessStatus.APPROVED
    assert not process.reevaluates


def test_a_cancelled_process_is_closed_and_stays_so() -> None:
    process = a_process()
    assert process.cancel() is DONE
    assert process.status is ProcessStatus.DENIED
    assert process.cancelled
    assert process.cancel() is ALREADY


def test_a_concluded_process_cannot_be_cancelled() -> None:
    process = a_process(AutoApprove())
    assert process.cancel() is ALREADY
    assert process.status is ProcessStatus.APPROVED


def test_a_decision_can_be_submitted_by_a_member_who_has_not_voted_while_open() -> None:
    process = a_process()
    assert process.can_be_decided_by(A, [A, B])
    assert not process.can_be_decided_by(C, [A, B])
    process.approve(A, [A, B], NOW)
    assert not process.can_be_decided_by(A, [A, B])
    process.deny(B, [A, B], "", NOW)
    assert not process.can_be_decided_by(D, [A, D])


def test_default_rules_store_the_events_of_the_specification() -> None:
    process = a_process()
    assert msgspec.json.decode(msgspec.json.encode(process.pending[0])) == {
        "type": "initialized",
        "id": str(ID),
        "policy_id": str(POLICY),
        "process_type": "withdraw",
        "rules": {"type": "committee", "committee_id": str(COMMITTEE)},
        "target_ref": str(ID),
    }


people = st.sampled_from([A, B, C, D])


@given(
    members=st.sets(people, min_size=1),
    votes=st.lists(st.tuples(people, st.booleans()), max_size=8),
    threshold=st.none() | st.integers(1, 5),
    initiator=st.none() | people,
    excluded=st.booleans(),
)
def test_a_decision_always_rests_on_enough_current_members(
    members: set[UUID],
    votes: list[tuple[UUID, bool]],
    threshold: int | None,
    initiator: UUID | None,
    excluded: bool,
) -> None:
    rules = CommitteeApproval(committee_id=COMMITTEE, threshold=threshold, initiator_excluded=excluded)
    process = a_process(rules, initiator)
    for voter, approves in votes:
        try:
            if approves:
                process.approve(voter, list(members), NOW)
            else:
                process.deny(voter, list(members), "no", NOW)
        except (AlreadyConcluded, InitiatorCannotDecide):
            continue
    eligible = members - {initiator} if excluded else members
    approvals = {vote.voter_id for vote in process.votes if vote.approves}
    denials = [vote for vote in process.votes if not vote.approves]
    assert {vote.voter_id for vote in process.votes} <= eligible
    assert (process.status is ProcessStatus.DENIED) == bool(denials)
    if process.status is ProcessStatus.APPROVED:
        assert len(approvals) >= max(1, min(threshold or len(eligible), len(eligible)))
    stored = msgspec.json.encode(process)
    assert msgspec.json.decode(stored, type=ApprovalProcess) == process
    assert ApprovalProcess.fold(process.pending) == process


def test_a_reason_has_an_end() -> None:
    process = a_process()
    with pytest.raises(ReasonTooLong):
        process.deny(A, [A, B], "x" * (MAX_REASON + 1), NOW)
    assert process.deny(A, [A, B], "x" * MAX_REASON, NOW) is DONE
