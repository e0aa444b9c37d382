"""Terms: what a loan costs and when, and the templates staff choose from."""

from lana.core.terms.errors import (
    DuplicateTermsTemplateName,
    InvalidOffer,
    InvalidTermsTemplateName,
    InvalidTermValue,
    MarginCallAboveInitialLimit,
    MarginCallBelowLiquidationLimit,
    ProductNotOffered,
)
from lana.core.terms.primitives import (
    DisbursalPolicy,
    Interval,
    PeriodUnit,
    Term,
)
from lana.core.terms.schedule import Days, cycle_after, cycles, first_cycle, periods
from lana.core.terms.service import TermsTemplates
from lana.core.terms.template.entity import Offer, TermsTemplate
from lana.core.terms.values import MAX_CYCLES, Duration, TermValues, months_after

__all__ = [
    "MAX_CYCLES",
    "Days",
    "DisbursalPolicy",
    "DuplicateTermsTemplateName",
    "Duration",
    "Interval",
    "InvalidOffer",
    "InvalidTermValue",
    "InvalidTermsTemplateName",
    "MarginCallAboveInitialLimit",
    "MarginCallBelowLiquidationLimit",
    "Offer",
    "PeriodUnit",
    "ProductNotOffered",
    "Term",
    "TermValues",
    "TermsTemplate",
    "TermsTemplates",
    "cycle_after",
    "cycles",
    "first_cycle",
    "months_after",
    "periods",
]
