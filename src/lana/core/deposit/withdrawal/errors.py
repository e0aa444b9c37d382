"""Refusals of a withdrawal."""

from __future__ import annotations

from lana.lib.errors import InvalidInput, Refusal


class WithdrawalAmountZero(InvalidInput):
    prefix = "CoreDepositError - WithdrawalError: WithdrawalError"

    def __init__(self) -> None:
        super().__init__("Withdrawal amount cannot be zero", field="amount")


class WithdrawalRefusal(Refusal):
    prefix = "CoreDepositError - WithdrawalError: WithdrawalError"


class NotApproved(WithdrawalRefusal):
    pass


class NotConfirmed(WithdrawalRefusal):
    pass


class AlreadyConfirmed(WithdrawalRefusal):
    pass


class AlreadyCancelled(WithdrawalRefusal):
    pass


class AlreadyDenied(WithdrawalRefusal):
    pass
