"""Refusals about disbursals."""

from __future__ import annotations

from lana.lib.errors import Kind, Refusal


class AmountIsZero(Refusal):
    kind = Kind.VALIDATION
    prefix = "DisbursalError"


class TooManyDisbursals(Refusal):
    """The facility has as many as it may have, those that were denied not counted."""

    prefix = "DisbursalError"
