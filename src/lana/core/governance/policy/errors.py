"""Refusals about policies."""

from __future__ import annotations

from lana.lib.errors import Kind, Refusal


class DefaultCommitteeNotFound(Refusal):
    kind = Kind.NOT_FOUND
    prefix = "GovernanceError"


class PolicyNotFound(Refusal):
    kind = Kind.NOT_FOUND
    prefix = "GovernanceError"


class InvalidThreshold(Refusal):
    kind = Kind.VALIDATION
    prefix = "GovernanceError - PolicyError: PolicyError"


class InvalidAutoApprovalLimit(Refusal):
    kind = Kind.VALIDATION
    prefix = "GovernanceError - PolicyError: PolicyError"
