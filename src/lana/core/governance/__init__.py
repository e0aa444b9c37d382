"""Governance: committees, policies and approval processes."""

from lana.core.governance.approval_process.entity import ApprovalProcess, Vote
from lana.core.governance.approval_process.errors import (
    AlreadyConcluded,
    InitiatorCannotDecide,
    SubjectIsNotCommitteeMember,
)
from lana.core.governance.bootstrap import ensure_default_committee, ensure_policy
from lana.core.governance.committee.entity import Committee
from lana.core.governance.config import ALLOW_AUTO_APPROVAL
from lana.core.governance.jobs import ReevaluateCommittee
from lana.core.governance.policy.entity import Policy
from lana.core.governance.primitives import ProcessStatus, ProcessType
from lana.core.governance.public import ApprovalProcessConcluded
from lana.core.governance.rules import ApprovalRules, AutoApprove, CommitteeApproval
from lana.core.governance.service import GovernanceService

__all__ = [
    "ALLOW_AUTO_APPROVAL",
    "AlreadyConcluded",
    "ApprovalProcess",
    "ApprovalProcessConcluded",
    "ApprovalRules",
    "AutoApprove",
    "Committee",
    "CommitteeApproval",
    "GovernanceService",
    "InitiatorCannotDecide",
    "Policy",
    "ProcessStatus",
    "ProcessType",
    "ReevaluateCommittee",
    "SubjectIsNotCommitteeMember",
    "Vote",
    "ensure_default_committee",
    "ensure_policy",
]
