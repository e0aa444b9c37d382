"""Refusals of a customer."""

from __future__ import annotations

from lana.lib.errors import Refusal


class CustomerIsClosed(Refusal):
    prefix = "CustomerError"


class CustomerNotEligibleForProduct(Refusal):
    """Only an active customer may open an account or borrow."""

    prefix = "CustomerError"


class CustomerClosePreconditionFailed(Refusal):
    """What still binds the bank and this customer, e.g. `has active deposit accounts`."""

    prefix = "ApplicationError"
