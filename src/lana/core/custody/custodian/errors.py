"""Refusals about custodians."""

from __future__ import annotations

from uuid import UUID

from lana.lib.errors import ConstraintViolation, InvalidInput, Kind, Refusal


class CustodianNotAvailable(Refusal):
    """This bank has no connection to providers of that kind."""

    prefix = "CustodianError"


class CustodianNotFound(Refusal):
    kind = Kind.NOT_FOUND
    prefix = "CustodianError"
    variant = "NotFound"

    def __init__(self, custodian_id: UUID) -> None:
        super().__init__(custodian_id)


class ExactlyOneCustodian(InvalidInput):
    """An input names one kind of custodian, not none, not several."""

    prefix = "CustodianError"


class InvalidCustodianName(InvalidInput):
    """Empty, or too long."""

    prefix = "CustodianError"


class InvalidCustodianSettings(InvalidInput):
    """A text longer than any key or address; the detail names it."""

    prefix = "CustodianError"


class ProviderCannotChange(Refusal):
    prefix = "CustodianError"


class StaleEncryptionKey(Refusal):
    """The stored settings are sealed under a key this process does not hold."""

    prefix = "CustodianError"


class CustodianTaken(ConstraintViolation):
    """A name, or a provider, that another custodian has."""

    variant = "ConstraintViolation"

    def __init__(self, column: str, value: str) -> None:
        super().__init__(column, value, prefix="CustodianError: CustodianCreateError")


class WalletTaken(ConstraintViolation):
    """A provider answered a wallet that is already somebody's."""

    variant = "ConstraintViolation"

    def __init__(self, external_wallet_id: str) -> None:
        super().__init__("ExternalWalletId", external_wallet_id, prefix="CustodianError: WalletCreateError")
