"""Refusals about roles."""

from __future__ import annotations

from lana.lib.errors import ConstraintViolation, Refusal


class SuperuserRoleCannotBeAssigned(Refusal):
    prefix = "CoreAccessError - RoleError: RoleError"


class RoleNameTaken(ConstraintViolation):
    variant = "ConstraintViolation"

    def __init__(self, name: str) -> None:
        super().__init__("Name", name, prefix="CoreAccessError - RoleError: RoleCreateError")
