"""Governance through the admin API's own types."""

from __future__ import annotations

from uuid import uuid4

import pytest

from lana.core.governance import ApprovalProcess, ProcessType, ensure_policy
from lana.lib.es.commands import Commands
from lana.lib.es.op import Op
from lana.lib.pg.database import Database
from tests.support.staff import Api, Staff, acting

PROCESS = """
query($id: UUID!) { approvalProcess(id: $id) {
  status deniedReason approvalProcessType userCanSubmitDecision cancelled
  rules { ... on AutoApproval { autoApprove } ... on CommitteeApproval { threshold committee { name } } }
  policy { approvalProcessType }
  voters { user { email } stillEligible didVote didApprove didDeny votedAt }
} }
"""
APPROVE = "mutation($id: UUID!) { approvalProcessApprove(input: {approvalProcessId: $id}) {approvalProcess {status}} }"


@pytest.fixture
async def staff(db: Database, commands: Commands) -> Staff:
    found = Staff(db, commands)
    await found.start()
    await ensure_policy(commands, found.governance, ProcessType.WITHDRAW, auto_approval=True)
    return found


@pytest.fixture
def api(staff: Staff) -> Api:
    return Api(staff)


async def ask(staff: Staff) -> ApprovalProcess:
    target = uuid4()

    async def initiate(op: Op) -> ApprovalProcess:
        return await staff.governance.start_process(
            op, ProcessType.WITHDRAW, target, target_ref=str(target), initiator=op.subject
        )

    return await staff.commands.run(staff.root, initiate)


async def policy_id(staff: Staff, api: Api) -> str:
    data = await api.ask(staff.root, "{ policies(first: 1) { nodes { policyId } } }")
    return str(data["policies"]["nodes"][0]["policyId"])


async def test_an_automatic_process_has_no_voters(staff: Staff, api: Api) -> None:
    process = await ask(staff)
    data = (await api.ask(staff.root, PROCESS, id=str(process.id)))["approvalProcess"]
    assert data == {
        "status": "APPROVED",
        "deniedReason": None,
        "approvalProcessType": "WITHDRAWAL_APPROVAL",
        "userCanSubmitDecision": False,
        "cancelled": False,
        "rules": {"autoApprove": True},
        "policy": {"approvalProcessType": "WITHDRAWAL_APPROVAL"},
        "voters": [],
    }


async def test_voters_are_current_members_and_those_who_voted_and_left(staff: Staff, api: Api) -> None:
    ann, bob = await staff.hire("ann@bank.example"), await staff.hire("bob@bank.example")
    committee = await staff.committee("two", [ann, bob])
    assign = (
        "mutation($input: PolicyCommitteeAssignInput!) { policyCommitteeAssign(input: $input)"
        " { policy { rules { ... on CommitteeApproval { committee { name currentMembers { email } } } } } } }"
    )
    given = {"policyId": await policy_id(staff, api), "committeeId": str(committee.id)}
    data = await api.ask(staff.root, assign, input=given)
    rules = data["policyCommitteeAssign"]["policy"]["rules"]
    assert {one["email"] for one in rules["committee"]["currentMembers"]} == {
        "ann@bank.example",
        "bob@bank.example",
    }
    process = await ask(staff)
    assert (await api.ask(acting(ann), PROCESS, id=str(process.id)))["approvalProcess"][
        "userCanSubmitDecision"
    ]
    await api.ask(acting(ann), APPROVE, id=str(process.id))
    await staff.commands.run(staff.root, staff.governance.remove_member, committee.id, ann.id)
    data = await api.ask(acting(bob), APPROVE, id=str(process.id))
    assert data["approvalProcessApprove"]["approvalProcess"]["status"] == "APPROVED"
    seen = (await api.ask(acting(bob), PROCESS, id=str(process.id)))["approvalProcess"]
    assert not seen["userCanSubmitDecision"]
    assert [(one["user"]["email"], one["stillEligible"], one["didApprove"]) for one in seen["voters"]] == [
        ("bob@bank.example", True, True),
        ("ann@bank.example", False, True),
    ]
    assert all(one["votedAt"] for one in seen["voters"])


async def test_a_denial_is_shown_with_its_reason(staff: Staff, api: Api) -> None:
    ann = await staff.hire("ann@bank.example")
    committee = await staff.committee("one", [ann])
    rules = {"policyId": await policy_id(staff, api), "committeeId": str(committee.id), "threshold": 1}
    update = "mutation($input: PolicyRulesUpdateInput!) { policyRulesUpdate(input: $input) { policy { policyId } } }"
    await api.ask(staff.root, update, input=rules)
    process = await ask(staff)
    deny = (
        'mutation($id: UUID!) { approvalProcessDeny(input: {approvalProcessId: $id, reason: "no docs"})'
        " { approvalProcess { status deniedReason } } }"
    )
    data = await api.ask(acting(ann), deny, id=str(process.id))
    assert data["approvalProcessDeny"]["approvalProcess"] == {"status": "DENIED", "deniedReason": "no docs"}
    seen = (await api.ask(acting(ann), PROCESS, id=str(process.id)))["approvalProcess"]
    assert seen["rules"] == {"threshold": 1, "committee": {"name": "one"}}
    (voter,) = seen["voters"]
    assert (voter["didDeny"], voter["didApprove"]) == (True, False)


async def test_members_without_a_user_are_left_out_of_sight(staff: Staff, api: Api) -> None:
    create = (
        "mutation($input: CommitteeCreateInput!) { committeeCreate(input: $input)"
        " { committee { committeeId currentMembers { email } } } }"
    )
    members = [str(uuid4()), str(staff.root.subject.id)]
    data = await api.ask(staff.root, create, input={"name": "strangers", "memberUserIds": members})
    assert len(data["committeeCreate"]["committee"]["currentMembers"]) == 1


async def test_the_history_of_a_policy_leaves_out_ids(staff: Staff, api: Api) -> None:
    committee = await staff.committee("one", [await staff.hire("ann@bank.example")])
    policy = await policy_id(staff, api)
    assign = "mutation($i: PolicyCommitteeAssignInput!) { policyCommitteeAssign(input: $i) { policy { policyId } } }"
    await api.ask(staff.root, assign, i={"policyId": policy, "committeeId": str(committee.id)})
    data = await api.ask(
        staff.root,
        "query($id: UUID!) { policy(id: $id) { eventHistory(first: 1) {"
        " nodes { eventType payload } pageInfo { hasNextPage } } } }",
        id=policy,
    )
    history = data["policy"]["eventHistory"]
    assert history["nodes"] == [
        {"eventType": "approval_rules_updated", "payload": {"rules": {"type": "committee"}}}
    ]
    assert history["pageInfo"]["hasNextPage"]
