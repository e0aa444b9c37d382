"""Refusals of a deposit."""

from __future__ import annotations

from lana.lib.errors import InvalidInput


class DepositAmountZero(InvalidInput):
    prefix = "CoreDepositError - DepositError: DepositError"

    def __init__(self) -> None:
        super().__init__("Deposit amount cannot be zero", field="amount")
