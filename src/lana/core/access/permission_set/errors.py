"""Refusals about permission sets."""

from __future__ import annotations

from lana.lib.errors import Kind, Refusal


class PermissionSetNotFound(Refusal):
    kind = Kind.NOT_FOUND
    prefix = "CoreAccessError"
