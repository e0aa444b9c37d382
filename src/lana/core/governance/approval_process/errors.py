"""Refusals about approval processes."""

from __future__ import annotations

from lana.lib.errors import Kind, Refusal

PREFIX = "GovernanceError - ApprovalProcessError: ApprovalProcessError"


class AlreadyConcluded(Refusal):
    prefix = PREFIX


class InitiatorCannotDecide(Refusal):
    prefix = PREFIX


class SubjectIsNotCommitteeMember(Refusal):
    kind = Kind.FORBIDDEN
    prefix = "GovernanceError"


class ReasonTooLong(Refusal):
    kind = Kind.VALIDATION
    prefix = PREFIX
