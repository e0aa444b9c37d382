"""Refusals deposits and withdrawals share."""

from __future__ import annotations

from lana.lib.errors import InvalidInput, Refusal


class AmountNegative(InvalidInput):
    prefix = "CoreDepositError"

    def __init__(self) -> None:
        super().__init__("an amount is never below zero", field="amount")


class ReferenceTooLong(InvalidInput):
    prefix = "CoreDepositError"

    def __init__(self, longest: int) -> None:
        super().__init__(f"a reference has at most {longest} characters", field="reference")


class ThresholdsOutOfOrder(Refusal):
    """Accounts would be escheatable no later than inactive."""

    prefix = "CoreDepositError"

    def __init__(self, inactive_days: int, escheatable_days: int) -> None:
        super().__init__(f"inactive after {inactive_days} days, escheatable after {escheatable_days}")
