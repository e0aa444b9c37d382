"""Refusals of a deposit account."""

from __future__ import annotations

from lana.lib.errors import Kind, Refusal


class DepositAccountRefusal(Refusal):
    prefix = "CoreDepositError - DepositAccountError: DepositAccountError"


class BalanceIsNotZero(DepositAccountRefusal):
    pass


class DepositAccountClosePreconditionFailed(DepositAccountRefusal):
    """What still needs the account, e.g. `has active credit facilities`."""


class CannotUpdateClosedAccount(DepositAccountRefusal):
    pass


class CannotUpdateFrozenAccount(DepositAccountRefusal):
    pass


class DepositAccountFrozen(Refusal):
    prefix = "CoreDepositError"


class DepositAccountClosed(Refusal):
    prefix = "CoreDepositError"


class DepositAccountNotFound(Refusal):
    """Also the answer to a customer who names somebody else's account, deposit or withdrawal."""

    prefix = "CoreDepositError"
    kind = Kind.NOT_FOUND


class DepositAccountAlreadyExists(Refusal):
    """A customer has one deposit account for ever, even after it was closed."""

    prefix = "CoreDepositError - LedgerError"

    def __init__(self, external_id: str) -> None:
        super().__init__(f"external_id '{external_id}' already exists")


class CustomerTypeWithoutAccountSet(Refusal):
    """The chart has no place for deposits of this type of customer."""

    prefix = "CoreDepositError"
