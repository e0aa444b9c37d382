"""What the end of a day does to loans: obligations move, loans mature, interest accrues and is posted."""

from lana.core.credit.end_of_day.accruals import InterestAccruals
from lana.core.credit.end_of_day.maturities import FacilityMaturities
from lana.core.credit.end_of_day.obligations import ObligationTransitions
from lana.core.credit.end_of_day.postings import InterestPostings

__all__ = ["FacilityMaturities", "InterestAccruals", "InterestPostings", "ObligationTransitions"]
