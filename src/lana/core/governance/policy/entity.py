"""The policy of one kind of process. A change affects only processes that start later."""

from __future__ import annotations

from typing import ClassVar, Self
from uuid import UUID

import msgspec

from lana.core.governance.policy.errors import InvalidAutoApprovalLimit, InvalidThreshold
from lana.core.governance.primitives import ProcessType
from lana.core.governance.rules import ApprovalRules, AutoApprove, CommitteeApproval
from lana.lib.es.entity import ALREADY, Entity, Event, Outcome


class Initialized(Event, frozen=True, tag="initialized"):
    id: UUID
    process_type: ProcessType
    rules: ApprovalRules


class ApprovalRulesUpdated(Event, frozen=True, tag="approval_rules_updated"):
    rules: ApprovalRules


PolicyEvent = Initialized | ApprovalRulesUpdated


class Policy(Entity[PolicyEvent]):
    kind: ClassVar[str] = "policy"
    event_types: ClassVar[object] = PolicyEvent

    process_type: ProcessType
    rules: ApprovalRules

    @classmethod
    def begin(cls, event: PolicyEvent) -> Self:
        assert isinstance(event, Initialized)
        return cls(id=event.id, process_type=event.process_type, rules=event.rules)

    def apply(self, event: PolicyEvent) -> None:
        match event:
            case ApprovalRulesUpdated(rules=rules):
                self.rules = rules
            case Initialized():
                raise ValueError("a policy begins once")

    def assign_committee(self, committee_id: UUID) -> Outcome:
        """Another committee under the same further rules."""
        if isinstance(self.rules, CommitteeApproval):
            return self.change_rules(msgspec.structs.replace(self.rules, committee_id=committee_id))
        return self.change_rules(CommitteeApproval(committee_id=committee_id))

    def auto_approve(self) -> Outcome:
        return self.change_rules(AutoApprove())

    def change_rules(self, rules: ApprovalRules) -> Outcome:
        if isinstance(rules, CommitteeApproval):
            if rules.threshold is not None and rules.threshold < 1:
                raise InvalidThreshold("at least one approval", field="threshold")
            if rules.auto_approve_up_to is not None and rules.auto_approve_up_to < 0:
                raise InvalidAutoApprovalLimit("not negative", field="autoApproveUpTo")
        return ALREADY if rules == self.rules else self.emit(ApprovalRulesUpdated(rules=rules))
