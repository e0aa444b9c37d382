"""What a policy asks for. A process carries the rules it was born with.

By default all current members of the committee must approve. A policy may ask for fewer (`threshold`), let
small amounts pass (`auto_approve_up_to`), keep the initiator from deciding, and look again when the
membership changes.
"""

from __future__ import annotations

from uuid import UUID

import msgspec


class AutoApprove(msgspec.Struct, frozen=True, tag="auto_approve"):
    """Born approved."""


class CommitteeApproval(msgspec.Struct, frozen=True, tag="committee", omit_defaults=True, kw_only=True):
    """`threshold`: approvals needed, None for all members. `auto_approve_up_to`: USD cents, inclusive."""

    committee_id: UUID
    threshold: int | None = None
    auto_approve_up_to: int | None = None
    initiator_excluded: bool = False
    reevaluate: bool = False

    def needed(self, eligible: int) -> int:
        """Approvals that decide among so many voters: never more than there are, never none."""
        return max(1, eligible if self.threshold is None else min(self.threshold, eligible))


ApprovalRules = AutoApprove | CommitteeApproval


def rules_for(rules: ApprovalRules, amount: int | None) -> ApprovalRules:
    """The rules of one process. An amount (USD cents) within the limit needs no committee; no amount always
    does.
    """
    if isinstance(rules, CommitteeApproval) and amount is not None and rules.auto_approve_up_to is not None:
        return AutoApprove() if amount <= rules.auto_approve_up_to else rules
    return rules
