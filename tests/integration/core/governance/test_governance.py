"""Committees, policies and decisions through the service, on a database."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest

from lana.core.governance import (
    AlreadyConcluded,
    ApprovalProcess,
    ApprovalProcessConcluded,
    AutoApprove,
    Committee,
    CommitteeApproval,
    InitiatorCannotDecide,
    Policy,
    ProcessStatus,
    ProcessType,
    ReevaluateCommittee,
    SubjectIsNotCommitteeMember,
    ensure_default_committee,
    ensure_policy,
)
from lana.core.governance.committee.errors import CannotRemoveLastMember, CommitteeNameTaken
from lana.core.governance.policy.errors import DefaultCommitteeNotFound, PolicyNotFound
from lana.lib.authz import Ctx
from lana.lib.errors import NotAuthorized, NotFound
from lana.lib.es.commands import Commands
from lana.lib.es.op import Op
from lana.lib.outbox import decode
from lana.lib.pg.database import Database
from lana.lib.pg.page import Direction, Order, Page
from tests.support.staff import Staff, acting

WITHDRAW = ProcessType.WITHDRAW


class Bank(Staff):
    """With a policy for withdrawals, and two members of staff who may decide."""

    policy: Policy

    async def open(self) -> None:
        await self.start()
        self.policy = await ensure_policy(self.commands, self.governance, WITHDRAW, auto_approval=True)
        self.ann = await self.hire("ann@bank.example")
        self.bob = await self.hire("bob@bank.example")
        self.cat = await self.hire("cat@bank.example")

    async def decided_by(self, committee: Committee) -> Policy:
        verb = self.governance.assign_committee
        return await self.commands.run(self.root, verb, self.policy.id, committee.id)

    async def ruled_by(self, rules: CommitteeApproval) -> Policy:
        return await self.commands.run(self.root, self.governance.update_policy_rules, self.policy.id, rules)

    async def ask(self, ctx: Ctx | None = None, amount: int | None = None) -> ApprovalProcess:
        """What a domain does when something is to be approved."""
        target = uuid4()

        async def initiate(op: Op) -> ApprovalProcess:
            return await self.governance.start_process(
                op, WITHDRAW, target, target_ref=str(target), initiator=op.subject, amount=amount
            )

        return await self.commands.run(ctx or self.root, initiate)

    async def approve(self, ctx: Ctx, process: ApprovalProcess) -> ApprovalProcess:
        return await self.commands.run(ctx, self.governance.approve, process.id)

    async def deny(self, ctx: Ctx, process: ApprovalProcess, reason: str = "no docs") -> ApprovalProcess:
        return await self.commands.run(ctx, self.governance.deny, process.id, reason)

    async def leave(self, committee: Committee, user_id: UUID) -> Committee:
        return await self.commands.run(self.root, self.governance.remove_member, committee.id, user_id)

    async def conclusions(self) -> list[ApprovalProcessConcluded]:
        rows = await self.db.fetch("select payload from outbox where module = 'Governance' order by sequence")
        found = [decode(row[0]) for row in rows]
        return [event for event in found if isinstance(event, ApprovalProcessConcluded)]

    async def jobs(self) -> list[str]:
        return [row[0] for row in await self.db.fetch("select task_name from procrastinate_jobs order by id")]


@pytest.fixture
async def bank(db: Database, commands: Commands) -> Bank:
    found = Bank(db, commands)
    await found.open()
    return found


async def test_a_start_without_auto_approval_needs_the_default_committee(
    db: Database, commands: Commands
) -> None:
    staff = Staff(db, commands)
    with pytest.raises(DefaultCommitteeNotFound):
        await ensure_policy(commands, staff.governance, WITHDRAW, auto_approval=False)
    await staff.start()
    policy = await ensure_policy(commands, staff.governance, WITHDRAW, auto_approval=False)
    default = await staff.governance.committees.maybe_by("name", "default")
    assert default is not None
    assert policy.rules == CommitteeApproval(committee_id=default.id)


async def test_an_existing_policy_is_left_as_it_is(bank: Bank) -> None:
    again = await ensure_policy(bank.commands, bank.governance, WITHDRAW, auto_approval=False)
    assert again.rules == AutoApprove()
    assert again.id == bank.policy.id
    assert len(await bank.audited(action="governance:policy:create")) == 1


async def test_processes_that_start_together_make_one_policy(db: Database, commands: Commands) -> None:
    banks = [Staff(db, commands) for _ in range(4)]
    made = await asyncio.gather(
        *(ensure_policy(commands, bank.governance, WITHDRAW, auto_approval=True) for bank in banks)
    )
    assert len({policy.id for policy in made}) == 1


async def test_the_superuser_returns_to_the_default_committee(bank: Bank) -> None:
    default = await ensure_default_committee(bank.commands, bank.governance, bank.root.subject.id)
    assert default.members == (bank.root.subject.id,)
    await bank.commands.run(bank.root, bank.governance.add_member, default.id, bank.ann.id)
    await bank.leave(default, bank.root.subject.id)
    default = await ensure_default_committee(bank.commands, bank.governance, bank.root.subject.id)
    assert set(default.members) == {bank.root.subject.id, bank.ann.id}


async def test_a_committees_name_is_unique(bank: Bank) -> None:
    await bank.committee("loans", [bank.ann])
    with pytest.raises(CommitteeNameTaken) as refused:
        await bank.committee("loans", [bank.bob])
    assert 'ConstraintViolation(Some(Name), Some("loans"))' in refused.value.message


async def test_last_member_cannot_leave(bank: Bank) -> None:
    committee = await bank.committee("loans", [bank.ann])
    with pytest.raises(CannotRemoveLastMember):
        await bank.leave(committee, bank.ann.id)


async def test_of_two_members_leaving_at_once_one_stays(bank: Bank) -> None:
    committee = await bank.committee("loans", [bank.ann, bank.bob])
    done = await asyncio.gather(
        *(bank.leave(committee, user.id) for user in (bank.ann, bank.bob)), return_exceptions=True
    )
    assert len([one for one in done if isinstance(one, CannotRemoveLastMember)]) == 1
    left = await bank.governance.committees.peek(committee.id)
    assert left is not None
    assert len(left.members) == 1


async def test_an_unknown_committee_cannot_be_assigned(bank: Bank) -> None:
    with pytest.raises(NotFound) as refused:
        await bank.commands.run(bank.root, bank.governance.assign_committee, bank.policy.id, uuid4())
    assert "CommitteeFindError - NotFound(id=" in refused.value.message


async def test_a_process_without_a_policy_cannot_start(db: Database, commands: Commands) -> None:
    bank = Bank(db, commands)
    await bank.start()
    with pytest.raises(PolicyNotFound):
        await bank.ask()


async def test_under_auto_approval_a_process_concludes_in_the_op_that_starts_it(bank: Bank) -> None:
    process = await bank.ask()
    assert process.status is ProcessStatus.APPROVED
    assert await bank.conclusions() == [
        ApprovalProcessConcluded(
            id=process.id, process_type=WITHDRAW, status="Approved", target_ref=str(process.id)
        )
    ]
    (entry,) = await bank.audited(subject="system:governance")
    assert (entry.action, entry.object) == (
        "governance:approval-process:create",
        "governance/approval-process/*",
    )
    history = await bank.governance.processes.events(process.id, limit=10)
    assert [event.event_type for event in history] == ["concluded", "initialized"]


async def test_a_committee_of_two_decides_as_in_the_worked_example(bank: Bank) -> None:
    committee = await bank.committee("withdrawals", [bank.ann, bank.bob])
    await bank.decided_by(committee)
    process = await bank.ask()
    assert process.status is ProcessStatus.IN_PROGRESS

    outsider = await bank.approve(acting(bank.cat), process)
    assert outsider.version == 1
    (entry,) = await bank.audited(subject=f"user:{bank.cat.id}")
    assert (entry.authorized, entry.object) == (True, "governance/approval-process/*")

    approved = await bank.approve(acting(bank.ann), process)
    assert approved.status is ProcessStatus.IN_PROGRESS
    assert (await bank.deny(acting(bank.ann), process)).version == approved.version

    denied = await bank.deny(acting(bank.bob), process)
    assert (denied.status, denied.denied_reason) == (ProcessStatus.DENIED, "no docs")
    entries = await bank.audited(action="governance:approval-process:deny")
    assert [entry.object for entry in entries] == [f"governance/approval-process/{process.id}"] * 2
    assert [event.status for event in await bank.conclusions()] == ["Denied"]


async def test_a_vote_after_the_end_is_refused_with_a_code(bank: Bank) -> None:
    process = await bank.ask()
    with pytest.raises(AlreadyConcluded) as refused:
        await bank.approve(bank.root, process)
    assert refused.value.code == "ALREADY_CONCLUDED"


async def test_a_removed_member_leaves_the_process_open_until_a_newcomer_approves(bank: Bank) -> None:
    committee = await bank.committee("withdrawals", [bank.ann, bank.bob])
    await bank.decided_by(committee)
    process = await bank.ask()
    await bank.approve(acting(bank.ann), process)
    await bank.leave(committee, bank.bob.id)
    assert await bank.jobs() == []
    open_still = await bank.governance.processes.peek(process.id)
    assert open_still is not None
    assert open_still.in_progress
    await bank.commands.run(bank.root, bank.governance.add_member, committee.id, bank.cat.id)
    assert (await bank.approve(acting(bank.cat), process)).status is ProcessStatus.APPROVED


async def test_a_process_keeps_its_committee_when_the_policy_changes(bank: Bank) -> None:
    committee = await bank.committee("old", [bank.ann])
    await bank.decided_by(committee)
    process = await bank.ask()
    await bank.decided_by(await bank.committee("new", [bank.bob]))
    assert (await bank.approve(acting(bank.bob), process)).in_progress
    assert (await bank.approve(acting(bank.ann), process)).status is ProcessStatus.APPROVED


async def test_both_last_votes_at_once_conclude_once(bank: Bank) -> None:
    await bank.decided_by(await bank.committee("withdrawals", [bank.ann, bank.bob]))
    process = await bank.ask()
    await asyncio.gather(*(bank.approve(acting(user), process) for user in (bank.ann, bank.bob)))
    assert [event.status for event in await bank.conclusions()] == ["Approved"]


async def test_a_vote_and_a_newcomer_at_once_never_approve_without_the_newcomer(bank: Bank) -> None:
    committee = await bank.committee("withdrawals", [bank.ann])
    await bank.decided_by(committee)
    for _ in range(5):
        process = await bank.ask()
        await asyncio.gather(
            bank.approve(acting(bank.ann), process),
            bank.commands.run(bank.root, bank.governance.add_member, committee.id, bank.bob.id),
        )
        rows = await bank.db.fetch(
            "select c.recorded_at is not null, m.audit_entry_id > v.audit_entry_id from events v"
            " join lateral (select max(audit_entry_id) as audit_entry_id from events"
            "   where entity_id = %b::uuid and event_type = 'member_added') m on true"
            " left join events c on c.entity_id = v.entity_id and c.event_type = 'concluded'"
            " where v.entity_id = %b::uuid and v.event_type = 'approved'",
            [committee.id, process.id],
        )
        # approved alone only if the vote was written before the newcomer
        assert rows in ([(True, True)], [(False, False)])
        await bank.leave(committee, bank.bob.id)


async def test_people_without_the_permission_and_customers_do_not_vote(bank: Bank) -> None:
    process = await bank.ask()
    accountant = await bank.hire("acc@bank.example", "accountant")
    with pytest.raises(NotAuthorized):
        await bank.approve(acting(accountant), process)
    with pytest.raises(SubjectIsNotCommitteeMember):
        await bank.approve(Ctx.system("test"), process)


async def test_an_unknown_process_is_not_found(bank: Bank) -> None:
    with pytest.raises(NotFound) as refused:
        await bank.commands.run(bank.root, bank.governance.approve, uuid4())
    assert "ApprovalProcessFindError - NotFound(id=" in refused.value.message


async def test_small_amounts_pass_by_themselves(bank: Bank) -> None:
    committee = await bank.committee("withdrawals", [bank.ann])
    await bank.ruled_by(CommitteeApproval(committee_id=committee.id, auto_approve_up_to=100_00))
    assert (await bank.ask(amount=100_00)).status is ProcessStatus.APPROVED
    assert (await bank.ask(amount=100_01)).in_progress


async def test_an_initiator_may_be_kept_from_deciding(bank: Bank) -> None:
    committee = await bank.committee("withdrawals", [bank.ann, bank.bob])
    await bank.ruled_by(CommitteeApproval(committee_id=committee.id, initiator_excluded=True))
    process = await bank.ask(acting(bank.ann))
    with pytest.raises(InitiatorCannotDecide):
        await bank.approve(acting(bank.ann), process)
    assert (await bank.approve(acting(bank.bob), process)).status is ProcessStatus.APPROVED


async def test_a_policy_returns_to_auto_approval(bank: Bank) -> None:
    await bank.decided_by(await bank.committee("withdrawals", [bank.ann]))
    await bank.commands.run(bank.root, bank.governance.auto_approve_policy, bank.policy.id)
    assert (await bank.ask()).status is ProcessStatus.APPROVED


async def test_rules_may_have_open_processes_looked_at_again_when_members_change(bank: Bank) -> None:
    committee = await bank.committee("withdrawals", [bank.ann, bank.bob])
    await bank.ruled_by(CommitteeApproval(committee_id=committee.id, reevaluate=True))
    waiting = [await bank.ask() for _ in range(3)]
    for process in waiting[:2]:
        await bank.approve(acting(bank.ann), process)
    await bank.leave(committee, bank.bob.id)
    assert await bank.jobs() == [ReevaluateCommittee.name]
    job = ReevaluateCommittee(bank.governance, bank.commands)
    await job.run({"committee_id": str(committee.id)})
    await job.run({"committee_id": str(committee.id)})
    found = await bank.governance.processes.peek_many([process.id for process in waiting])
    assert [found[process.id].in_progress for process in waiting] == [False, False, True]
    assert len(await bank.conclusions()) == 2
    assert len(await bank.audited(action="governance:approval-process:conclude")) == 2


async def test_a_cancelled_target_closes_its_process_without_a_conclusion(bank: Bank) -> None:
    await bank.decided_by(await bank.committee("withdrawals", [bank.ann]))
    process = await bank.ask()
    closed = await bank.commands.run(bank.root, bank.governance.cancel_process, process.id)
    assert (closed.status, closed.cancelled) == (ProcessStatus.DENIED, True)
    assert await bank.conclusions() == []
    with pytest.raises(AlreadyConcluded):
        await bank.approve(acting(bank.ann), process)


async def test_committees_are_listed_by_name(bank: Bank) -> None:
    for name in ("b", "c", "a"):
        await bank.committee(name, [bank.ann])
    found = await bank.governance.list_committees(bank.root, Page(10), Order("name", Direction.ASC))
    assert [committee.name for committee in found.items] == ["a", "b", "c", "default"]
