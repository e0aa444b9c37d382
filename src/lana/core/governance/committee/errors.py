"""Refusals about committees."""

from __future__ import annotations

from lana.lib.errors import ConstraintViolation, Kind, Refusal


class CommitteeMustHaveAtLeastOneMember(Refusal):
    kind = Kind.VALIDATION
    prefix = "GovernanceError - CommitteeError: CommitteeError"


class CannotRemoveLastMember(Refusal):
    prefix = "GovernanceError - CommitteeError: CommitteeError"


class CommitteeNameTaken(ConstraintViolation):
    variant = "ConstraintViolation"

    def __init__(self, name: str) -> None:
        super().__init__("Name", name, prefix="GovernanceError - CommitteeError: CommitteeCreateError")
