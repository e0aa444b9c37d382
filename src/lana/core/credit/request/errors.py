"""Refusals about credit requests."""

from __future__ import annotations

from uuid import UUID

from lana.lib.errors import InvalidInput, Kind, Refusal


class AmountIsZero(InvalidInput):
    prefix = "CreditRequestError"


class AmountOutOfBounds(InvalidInput):
    """Less or more than the product allows."""

    prefix = "CreditRequestError"


class InvalidRequestText(InvalidInput):
    """A purpose, note or reason that is missing or too long; also the reason why a proposal is declined."""

    prefix = "CreditRequestError"


class InvalidConsents(InvalidInput):
    """Too many, unnamed, or one kind twice."""

    prefix = "CreditRequestError"


class OpenRequestExists(Refusal):
    """The customer has asked for this product already and awaits the answer."""

    prefix = "CreditRequestError"


class RequestAlreadyConcluded(Refusal):
    prefix = "CreditRequestError"


class RequestAlreadyTaken(Refusal):
    """By somebody else of staff."""

    prefix = "CreditRequestError"


class RequestOfAnotherCustomer(Refusal):
    """A proposal answers a request of its own customer."""

    prefix = "CreditRequestError"


class CreditRequestNotFound(Refusal):
    """Not there, or not the caller's own."""

    kind = Kind.NOT_FOUND
    prefix = "CreditRequestError"
    variant = "NotFound"

    def __init__(self, request_id: UUID) -> None:
        super().__init__(request_id)
