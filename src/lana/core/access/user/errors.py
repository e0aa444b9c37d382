"""Refusals about users."""

from __future__ import annotations

from lana.lib.errors import ConstraintViolation, Kind, Refusal


class EmailTaken(ConstraintViolation):
    variant = "ConstraintViolation"

    def __init__(self, email: str) -> None:
        super().__init__("Email", email, prefix="CoreAccessError - UserError: UserCreateError")


class InvalidEmail(Refusal):
    kind = Kind.VALIDATION
    prefix = "CoreAccessError - UserError: UserError"


class SuperuserCannotBeDeactivated(Refusal):
    prefix = "CoreAccessError - UserError: UserError"


class CannotDeactivateOneself(Refusal):
    prefix = "CoreAccessError - UserError: UserError"
