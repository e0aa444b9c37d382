"""Committees and policies, decided without a database."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest

from lana.core.governance.committee.entity import Committee
from lana.core.governance.committee.errors import CannotRemoveLastMember, CommitteeMustHaveAtLeastOneMember
from lana.core.governance.policy import entity as policies
from lana.core.governance.policy.entity import Policy
from lana.core.governance.policy.errors import InvalidAutoApprovalLimit, InvalidThreshold
from lana.core.governance.primitives import ProcessType
from lana.core.governance.rules import ApprovalRules, AutoApprove, CommitteeApproval, rules_for
from lana.lib.es.entity import ALREADY, DONE

ID, A, B = (UUID(int=n) for n in (9, 1, 2))
OTHER = UUID(int=8)


def a_policy(rules: ApprovalRules) -> Policy:
    return Policy.born(policies.Initialized(id=ID, process_type=ProcessType.WITHDRAW, rules=rules))


def test_a_committee_needs_a_member() -> None:
    with pytest.raises(CommitteeMustHaveAtLeastOneMember) as refused:
        Committee.found(ID, "c", [])
    assert "CommitteeError - CommitteeMustHaveAtLeastOneMember" in refused.value.message


def test_duplicate_members_collapse() -> None:
    committee = Committee.found(ID, "c", [A, B, A])
    assert committee.members == (A, B)
    assert committee.version == 3


def test_adding_a_member_twice_changes_nothing() -> None:
    committee = Committee.found(ID, "c", [A])
    assert committee.add(A) is ALREADY
    assert committee.add(B) is DONE


def test_removing_an_outsider_changes_nothing() -> None:
    committee = Committee.found(ID, "c", [A])
    assert committee.remove(B) is ALREADY


def test_last_member_cannot_leave() -> None:
    committee = Committee.found(ID, "c", [A, B])
    assert committee.remove(A) is DONE
    with pytest.raises(CannotRemoveLastMember) as refused:
        committee.remove(B)
    assert refused.value.code == "CANNOT_REMOVE_LAST_MEMBER"
    assert committee.members == (B,)


def test_assigning_the_assigned_committee_changes_nothing() -> None:
    policy = a_policy(AutoApprove())
    assert policy.assign_committee(A) is DONE
    assert policy.rules == CommitteeApproval(committee_id=A)
    assert policy.assign_committee(A) is ALREADY


def test_assigning_another_committee_keeps_the_further_rules() -> None:
    policy = a_policy(CommitteeApproval(committee_id=A, threshold=2))
    policy.assign_committee(B)
    assert policy.rules == CommitteeApproval(committee_id=B, threshold=2)


def test_a_policy_returns_to_auto_approval() -> None:
    policy = a_policy(CommitteeApproval(committee_id=A))
    assert policy.auto_approve() is DONE
    assert policy.rules == AutoApprove()
    assert policy.auto_approve() is ALREADY


@pytest.mark.parametrize("threshold", [0, -1])
def test_a_threshold_asks_for_at_least_one_approval(threshold: int) -> None:
    with pytest.raises(InvalidThreshold):
        a_policy(AutoApprove()).change_rules(CommitteeApproval(committee_id=A, threshold=threshold))


def test_an_auto_approval_limit_is_not_negative() -> None:
    with pytest.raises(InvalidAutoApprovalLimit):
        a_policy(AutoApprove()).change_rules(CommitteeApproval(committee_id=A, auto_approve_up_to=-1))


def test_rules_are_stored_in_two_shapes() -> None:
    assert msgspec.json.encode(AutoApprove()) == b'{"type":"auto_approve"}'
    stored = msgspec.json.encode(CommitteeApproval(committee_id=A))
    assert stored == b'{"type":"committee","committee_id":"%s"}' % str(A).encode()


@pytest.mark.parametrize(("amount", "automatic"), [(100_00, True), (100_01, False), (0, True), (None, False)])
def test_amounts_within_the_limit_pass_without_a_committee(amount: int | None, automatic: bool) -> None:
    rules = CommitteeApproval(committee_id=A, auto_approve_up_to=100_00)
    assert (rules_for(rules, amount) == AutoApprove()) is automatic


def test_without_a_limit_every_amount_needs_the_committee() -> None:
    rules = CommitteeApproval(committee_id=A)
    assert rules_for(rules, 0) == rules
