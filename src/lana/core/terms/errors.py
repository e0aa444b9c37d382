"""Refusals about terms."""

from __future__ import annotations

from lana.lib.errors import InvalidInput, Kind, Refusal


class MarginCallAboveInitialLimit(InvalidInput):
    prefix = "TermsError"


class MarginCallBelowLiquidationLimit(InvalidInput):
    prefix = "TermsError"


class InvalidTermValue(InvalidInput):
    """A value no loan can have; the detail names the field."""

    prefix = "TermsError"


class DuplicateTermsTemplateName(Refusal):
    prefix = "TermsTemplateError"


class InvalidTermsTemplateName(InvalidInput):
    """Empty, or too long."""

    prefix = "TermsTemplateError"


class ProductNotOffered(Refusal):
    """There is no such template, or customers may not ask for it."""

    kind = Kind.NOT_FOUND
    prefix = "TermsTemplateError"


class InvalidOffer(InvalidInput):
    """Bounds out of order, or texts too many or too long."""

    prefix = "TermsTemplateError"
