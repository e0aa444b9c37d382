"""Refusals about payments."""

from __future__ import annotations

from lana.lib.errors import Kind, Refusal


class AmountIsZero(Refusal):
    kind = Kind.VALIDATION
    prefix = "PaymentError"


class PaymentAmountGreaterThanOutstandingObligations(Refusal):
    """More than is owed; `CreditFacility.payoff` says what ends the loan."""

    prefix = "CollectionLedgerError"
