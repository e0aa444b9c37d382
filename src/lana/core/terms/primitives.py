"""Objects, actions and words of terms."""

from __future__ import annotations

from enum import StrEnum

from lana.lib.authz import Resource

TERMS_TEMPLATE = Resource("terms", "terms-template")

TERMS_TEMPLATE_READ = TERMS_TEMPLATE.action("read")
TERMS_TEMPLATE_LIST = TERMS_TEMPLATE.action("list")
TERMS_TEMPLATE_CREATE = TERMS_TEMPLATE.action("create")
TERMS_TEMPLATE_UPDATE = TERMS_TEMPLATE.action("update")


class PeriodUnit(StrEnum):
    MONTHS = "months"
    DAYS = "days"


class Interval(StrEnum):
    """Where a period of interest ends at the latest: with the day, or with the month."""

    END_OF_DAY = "end_of_day"
    END_OF_MONTH = "end_of_month"


class DisbursalPolicy(StrEnum):
    SINGLE_DISBURSAL = "single_disbursal"
    MULTIPLE_DISBURSAL = "multiple_disbursal"


class Term(StrEnum):
    """How long a loan runs: up to twelve months, or longer."""

    SHORT = "short-term"
    LONG = "long-term"
