"""Objects, actions and words of governance."""

from __future__ import annotations

from enum import StrEnum

from lana.lib.authz import Resource

COMMITTEE = Resource("governance", "committee")
POLICY = Resource("governance", "policy")
APPROVAL_PROCESS = Resource("governance", "approval-process")

COMMITTEE_READ = COMMITTEE.action("read")
COMMITTEE_LIST = COMMITTEE.action("list")
COMMITTEE_CREATE = COMMITTEE.action("create")
COMMITTEE_ADD_MEMBER = COMMITTEE.action("add-member")
COMMITTEE_REMOVE_MEMBER = COMMITTEE.action("remove-member")

POLICY_READ = POLICY.action("read")
POLICY_LIST = POLICY.action("list")
POLICY_CREATE = POLICY.action("create")
POLICY_UPDATE_RULES = POLICY.action("update-policy-rules")

APPROVAL_PROCESS_READ = APPROVAL_PROCESS.action("read")
APPROVAL_PROCESS_LIST = APPROVAL_PROCESS.action("list")
APPROVAL_PROCESS_CREATE = APPROVAL_PROCESS.action("create")
APPROVAL_PROCESS_APPROVE = APPROVAL_PROCESS.action("approve")
APPROVAL_PROCESS_DENY = APPROVAL_PROCESS.action("deny")
APPROVAL_PROCESS_CONCLUDE = APPROVAL_PROCESS.action("conclude")

SYSTEM_ACTOR = "governance"
DEFAULT_COMMITTEE = "default"


class ProcessType(StrEnum):
    """What is to be approved; the stored names."""

    CREDIT_FACILITY_PROPOSAL = "credit-facility-proposal"
    DISBURSAL = "disbursal"
    WITHDRAW = "withdraw"


class ProcessStatus(StrEnum):
    IN_PROGRESS = "in_progress"
    APPROVED = "approved"
    DENIED = "denied"
