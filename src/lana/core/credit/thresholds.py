"""The thresholds of a loan's terms."""

from __future__ import annotations

from lana.core.credit.cvl import Thresholds
from lana.core.terms import TermValues


def thresholds_of(terms: TermValues) -> Thresholds:
    return Thresholds(
        initial=terms.initial_cvl, margin_call=terms.margin_call_cvl, liquidation=terms.liquidation_cvl
    )
