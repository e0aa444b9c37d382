"""Refusals about proposals."""

from __future__ import annotations

from lana.lib.errors import Kind, Refusal


class AmountIsZero(Refusal):
    kind = Kind.VALIDATION
    prefix = "CreditFacilityProposalError"


class CanNotCreateProposalForClosedOrFrozenAccount(Refusal):
    """Also of a payment: the name is the one clients know."""

    prefix = "ApplicationError"


class ApprovalProcessNotStarted(Refusal):
    prefix = "CreditFacilityProposalError"


class ProposalAlreadyConcluded(Refusal):
    prefix = "CreditFacilityProposalError"


class ProposalWithdrawalNotAllowed(Refusal):
    """The setting `allow-proposal-withdrawal` is off."""

    prefix = "CreditFacilityProposalError"


class TermSheetNotReady(Refusal):
    """Its job has not run yet: ask again in a moment."""

    kind = Kind.UNAVAILABLE
    prefix = "CreditFacilityProposalError"


class AgreementHashMismatch(Refusal):
    prefix = "CreditFacilityProposalError"
