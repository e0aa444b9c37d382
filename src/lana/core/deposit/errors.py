"""Refusals deposits and withdrawals share."""

from __future__ import annotations

from lana.lib.errors import InvalidInput


class AmountNegative(InvalidInput):
    prefix = "CoreDepositError"

    def __init__(self) -> None:
        super().__init__("an amount is never below zero", field="amount")


class ReferenceTooLong(InvalidInput):
    prefix = "CoreDepositError"

    def __init__(self, longest: int) -> None:
        super().__init__(f"a reference has at most {longest} characters", field="reference")
