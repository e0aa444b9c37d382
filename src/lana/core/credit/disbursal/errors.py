"""Refusals about disbursals."""

from __future__ import annotations

from lana.lib.errors import Kind, Refusal


class AmountIsZero(Refusal):
    kind = Kind.VALIDATION
    prefix = "DisbursalError"
